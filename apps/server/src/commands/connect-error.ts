/**
 * What a failed call of a server is told as.
 *
 * @module
 */

import { Code, ConnectError } from "@connectrpc/connect";

/** The message of an error; where it has none, as from what is no server of ours, its code in words. */
export function messageOf({ rawMessage, code }: ConnectError): string {
  return rawMessage || `the call failed: ${codeInWords(code)}`;
}

/** Names the server in an error that came from no service of it: from the network, or without a message. */
export function namingServer(reason: unknown, url: string): unknown {
  if (!(reason instanceof ConnectError)) return reason;
  const isFromService = reason.rawMessage !== "" && !(reason.cause instanceof Error);
  if (isFromService || reason.rawMessage.includes(url)) return reason;
  return new ConnectError(
    `${url}: ${messageOf(reason)}`,
    reason.code,
    reason.metadata,
    undefined,
    reason.cause,
  );
}

function codeInWords(code: Code): string {
  return Code[code].replace(/(?!^)[A-Z]/g, " $&").toLowerCase();
}
