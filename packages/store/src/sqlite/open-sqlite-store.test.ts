import { join } from "node:path";
import { temporaryDirectory } from "@llmproxy/testing";
import { describeStore } from "@llmproxy/testing/conformance";
import { openSqliteStore } from "./open-sqlite-store.ts";

describeStore("openSqliteStore", async () => {
  const directory = await temporaryDirectory();
  const store = await openSqliteStore({ path: join(directory.path, "store.db") });
  const cleanUp = async () => {
    await store.close();
    await directory.remove();
  };
  return { store, cleanUp };
});
