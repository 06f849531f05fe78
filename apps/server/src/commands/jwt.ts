/**
 * `llmproxy jwt …` and `llmproxy generate-token`: tokens for those who bring no API key.
 *
 * @module
 */

import type { Command } from "commander";
import type { Host } from "../host.ts";
import { addAdministrationOptions } from "./administration-output.ts";
import type { GenerateTokenOptions } from "./jwt/generate-token.ts";
import type { InspectOptions } from "./jwt/inspect.ts";
import type { IssueOptions } from "./jwt/issue.ts";

/** Adds the commands. What they need is a good part of the server; other commands start without it. */
export function addJwtCommands(program: Command, host: Host): void {
  const jwt = program.command("jwt").description("issue and inspect JSON Web Tokens");
  addAdministrationOptions(
    jwt.command("issue <subject>").description("issue a token, signed with the server's own key"),
  )
    .option("--role <role>", "what they may do, may be given several times; member by default", collect)
    .option("--project <id>", "the project they are confined to; default when absent")
    .option("--expires-in <time>", "how long it is valid, e.g. 30m, 1h, 12h, 30d; auth.issuer.ttl by default")
    .option("--output <file>", "write the token to a file that only you may read")
    .action(async (subject: string, _options, command: Command) => {
      const { issueToken } = await import("./jwt/issue.ts");
      await issueToken(host, command.optsWithGlobals<IssueOptions>(), subject);
    });
  jwt
    .command("inspect [token]")
    .description(
      "what is in a token, and what would be refused about it; reads it from stdin when it is - or absent",
    )
    .option("--offline", "fetch no keys of others")
    .option("--json", "print as JSON")
    .action(async (token: string | undefined, _options, command: Command) => {
      const { inspectToken } = await import("./jwt/inspect.ts");
      await inspectToken(host, command.optsWithGlobals<InspectOptions>(), token);
    });
  program
    .command("generate-token <subject>")
    .description("make a token with the secret of an auth.jwt entry; no server is needed")
    .option("--expires-in <time>", 'how long it is valid: 30d, 6m (months), 1y or "90 days"', "1y")
    .option("--role <role>", "what they may do, may be given several times; a plain user by default", collect)
    .option("--project <id>", "the project they are confined to; default when absent")
    .option("--issuer <name>", "whose secret to sign with; the first that has one by default")
    .option("--output <file>", "write the token to a file that only you may read")
    .option("--json", "print as JSON")
    .action(async (subject: string, _options, command: Command) => {
      const { generateToken } = await import("./jwt/generate-token.ts");
      await generateToken(host, command.optsWithGlobals<GenerateTokenOptions>(), subject);
    });
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
