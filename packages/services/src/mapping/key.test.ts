import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  CreateKeyRequestSchema,
  KeySchema,
  type UpdateKeyRequest,
  UpdateKeyRequestSchema,
} from "@llmproxy/proto";
import { describe, expect, it } from "vitest";
import { key } from "../testing/fake-core.ts";
import { createKeyInput, keyMessage, updateKeyInput } from "./key.ts";

const moment = new Date("2026-06-01T12:00:00.123Z");
const timestamp = timestampFromDate(moment);

describe("keyMessage", () => {
  it("shows everything but the hash and its pepper", () => {
    expect(create(KeySchema, keyMessage({ ...key, revokedAt: moment }))).toEqual(
      create(KeySchema, {
        id: "abcdefghijkl",
        projectId: "default",
        name: "laptop",
        createdAt: timestampFromDate(key.createdAt),
        expiresAt: timestampFromDate(new Date("2026-04-01T00:00:00Z")),
        revokedAt: timestamp,
        allowedModels: ["gpt-*"],
        metadata: { team: "search" },
      }),
    );
  });

  it("leaves out what a key does not have", () => {
    const { expiresAt: _expiry, allowedModels: _models, ...bare } = key;
    const message = create(KeySchema, keyMessage({ ...bare, metadata: {} }));
    expect([message.expiresAt, message.revokedAt, message.allowedModels]).toEqual([undefined, undefined, []]);
  });
});

describe("createKeyInput", () => {
  it("reads every field", () => {
    const message = create(CreateKeyRequestSchema, {
      projectId: "default",
      name: "laptop",
      expiresAt: timestamp,
      allowedModels: ["gpt-*"],
      metadata: { team: "search" },
    });
    expect(createKeyInput(message)).toEqual({
      projectId: "default",
      name: "laptop",
      expiresAt: moment,
      allowedModels: ["gpt-*"],
      metadata: { team: "search" },
    });
  });

  it("takes no model to mean every model and no moment to mean the default", () => {
    expect(createKeyInput(create(CreateKeyRequestSchema, { projectId: "p", name: "n" }))).toEqual({
      projectId: "p",
      name: "n",
      metadata: {},
    });
  });

  it("leaves a moment no Date can hold to the core's check", () => {
    const expiresAt = { seconds: 10n ** 15n, nanos: 0 };
    const input = createKeyInput(create(CreateKeyRequestSchema, { expiresAt }));
    expect(input.expiresAt?.getTime()).toBeNaN();
  });
});

describe("updateKeyInput", () => {
  const read = (init: MessageInitShape<typeof UpdateKeyRequestSchema>) =>
    updateKeyInput(create(UpdateKeyRequestSchema, { id: "k", ...init }));

  it.each<[string, MessageInitShape<typeof UpdateKeyRequestSchema>, object]>([
    ["nothing", {}, {}],
    ["a name", { name: "n" }, { name: "n" }],
    ["an empty name, for the core to refuse", { name: "" }, { name: "" }],
    ["a moment", { expiresAt: timestamp }, { expiresAt: moment }],
    ["models", { allowedModels: ["a"] }, { allowedModels: ["a"] }],
    ["notes", { metadata: { a: "b" } }, { metadata: { a: "b" } }],
  ])("without a mask changes what is there: %s", (_what, init, changes) => {
    expect(read(init)).toEqual({ id: "k", ...changes });
  });

  it.each<[string[], Partial<UpdateKeyRequest>, object]>([
    [["name"], { name: "n", metadata: { a: "b" } }, { name: "n" }],
    [["name"], {}, { name: "" }],
    [["allowed_models"], {}, { allowedModels: null }],
    [["metadata"], {}, { metadata: {} }],
    [["expires_at", "name"], { expiresAt: timestamp, name: "n" }, { expiresAt: moment, name: "n" }],
    [[], { name: "n" }, { name: "n" }],
  ])("with the mask %j changes what it names", (paths, init, changes) => {
    const message = create(UpdateKeyRequestSchema, { id: "k", updateMask: { paths } });
    expect(updateKeyInput(Object.assign(message, init))).toEqual({ id: "k", ...changes });
  });

  it.each(["id", "projectId", "expiresAt", "*", "", "toString", "metadata.team"])(
    "refuses the path %j",
    (path) => {
      expect(() => read({ name: "n", updateMask: { paths: ["name", path] } })).toThrow(
        expect.objectContaining({ code: "invalid_request", field: "update_mask" }),
      );
    },
  );

  it("refuses to remove the end of a key", () => {
    expect(() => read({ updateMask: { paths: ["expires_at"] } })).toThrow(
      expect.objectContaining({ code: "invalid_request", field: "expires_at" }),
    );
  });
});
