import { describe, expect, it } from "vitest";
import { readCommandLine } from "./command-line.ts";

describe("readCommandLine", () => {
  it("runs everything thoroughly without options", () => {
    expect(readCommandLine([])).toMatchObject({ help: false, only: [], without: [], effort: { rounds: 4 } });
  });

  it("takes scenarios, subjects, rounds and a file", () => {
    const args = ["--only", "unary,stream", "--without", "portkey", "--rounds", "3", "--json", "a.json"];
    expect(readCommandLine(args)).toMatchObject({
      only: ["unary", "stream"],
      without: ["portkey"],
      json: "a.json",
      effort: { rounds: 3 },
    });
  });

  it("makes less effort when in a hurry", () => {
    expect(readCommandLine(["--quick"])).toMatchObject({ effort: { rounds: 2 } });
  });

  it.each([
    [["--only", "speed"], 'there is no scenario "speed"'],
    [["--rounds", "0"], "--rounds must be a whole number from 1"],
    [["--rounds", "many"], "--rounds must be a whole number from 1"],
    [["--fast"], /--fast/],
    [["unary"], /unary/],
  ])("refuses %j", (args, expected) => {
    expect(readCommandLine(args)).toMatch(expected);
  });
});
