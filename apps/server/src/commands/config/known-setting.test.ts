import { describe, expect, it } from "vitest";
import { checkSettingExists } from "./known-setting.ts";

describe("checkSettingExists", () => {
  it.each([
    "server",
    "server.port",
    "providers[0].timeout.idle",
    "providers[7].kind",
    'providers[0].headers["x.y"]',
    "models[0].targets[1].model",
    "auth.jwt[0].role_map.staff",
    "auth.management_token_file",
    "limits.subjects.ada.rpm",
    "features.anything",
  ])("knows %s", async (path) => {
    await expect(checkSettingExists(path)).resolves.toBeUndefined();
  });

  it.each([
    ["sever.port", /the configuration has server, /],
    ["server.prot", /server has host, port, /],
    ["server.port.number", /server\.port has nothing below it/],
    ["providers[0].timeout.forever", /providers\[0\]\.timeout has connect, first_byte, idle, total/],
    ["models[0].targets[0].name", /models\[0\]\.targets\[0\] has provider, model/],
  ])("says what there is instead of %s", async (path, hint) => {
    await expect(checkSettingExists(path)).rejects.toMatchObject({
      code: "invalid_request",
      message: expect.stringMatching(hint),
    });
  });
});
