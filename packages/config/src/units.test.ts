import { describe, expect, it } from "vitest";
import { durationMs, sizeBytes } from "./units.ts";

describe("durationMs", () => {
  it.each([
    ["0s", 0],
    ["250ms", 250],
    ["30s", 30_000],
    ["5m", 300_000],
    ["12h", 43_200_000],
    ["90d", 7_776_000_000],
    ["1.5s", 1_500],
    ["0.1s", 100],
    ["30 s", 30_000],
  ])("reads %s as %i", (text, expected) => {
    expect(durationMs(text)).toBe(expected);
  });

  it.each([
    "",
    "5",
    "s",
    "-5s",
    "+5s",
    "5S",
    "5M",
    "5 minutes",
    "1h30m",
    "5s ",
    " 5s",
    "1e3s",
    ".5s",
    "5.s",
    "0.5ms",
    "1,5s",
    "Infinitys",
    "NaNs",
    "9999999999999999d",
    "999999999999999d",
    "5sec",
    "0x5s",
    "٥s",
    "5s\n",
  ])("does not read %j", (text) => {
    expect(durationMs(text)).toBeNaN();
  });
});

describe("sizeBytes", () => {
  it.each([
    ["0B", 0],
    ["512B", 512],
    ["64KiB", 65_536],
    ["32MiB", 33_554_432],
    ["1.5GiB", 1_610_612_736],
    ["64KB", 64_000],
    ["1MB", 1_000_000],
    ["2GB", 2_000_000_000],
  ])("reads %s as %i", (text, expected) => {
    expect(sizeBytes(text)).toBe(expected);
  });

  it.each(["", "64", "64K", "64kb", "64kib", "64Ki", "1TiB", "-1KiB", "0.5B", "1.0001KiB", "1 000KB", "MiB"])(
    "does not read %j",
    (text) => {
      expect(sizeBytes(text)).toBeNaN();
    },
  );
});
