/**
 * Decides about an RPC by its headers, before any of its body is read: nobody unknown can make the server read.
 *
 * @module
 */

import { ProxyError } from "@llmproxy/spec";
import type { RpcRoutesOptions } from "./options.ts";
import type { RpcRun } from "./rpc-run.ts";

/** What the gate decides with. */
export type GateOptions = Pick<
  RpcRoutesOptions,
  "authenticator" | "authorize" | "readCredentials" | "shield"
>;

/**
 * Lets an RPC in, or not. Public RPCs are let in unseen.
 *
 * @param run - is told who is asking
 * @param headers - names in lower case
 * @throws `ProxyError` when it may not be called, or need not be answered any more
 */
export async function passGate(
  run: RpcRun,
  headers: Readonly<Record<string, string>>,
  options: GateOptions,
): Promise<void> {
  const { access } = run.registered.rpc;
  const { signal } = run.context;
  if (access.kind !== "public") {
    passShield(run, options);
    try {
      await admit(run, headers, options);
    } catch (reason) {
      if (!ProxyError.is(reason)) throw reason;
      await refuse(run, reason, options);
    }
  }
  signal.throwIfAborted();
}

/** The core's own shield holds a place for a call; here it is only asked. */
function passShield(run: RpcRun, { shield }: GateOptions): void {
  const decision = shield?.enter(run.context.clientAddress);
  if (!decision) return;
  if (!decision.admitted) throw decision.error;
  if (run.registered.rpc.access.kind === "call") decision.leave();
  else run.onEnd(() => decision.leave());
}

async function admit(
  run: RpcRun,
  headers: Readonly<Record<string, string>>,
  { authenticator, authorize, readCredentials }: GateOptions,
): Promise<void> {
  const { permission } = run.registered;
  const credentials = readCredentials(headers);
  run.admit({ credentials });
  const principal = await authenticator.authenticate(credentials, run.context.signal);
  run.admit({ principal });
  if (permission !== undefined) authorize(principal, permission);
}

/** A call's refusal goes through the core's pipeline, which counts, logs and remembers it as those of every edge. */
async function refuse(run: RpcRun, refusal: ProxyError, { shield }: GateOptions): Promise<never> {
  const { access } = run.registered.rpc;
  if (access.kind === "call") return access.refuse(refusal, run.handOver());
  if (isFailedLogin(refusal)) shield?.recordRefusal(run.context.clientAddress);
  throw refusal;
}

/** An RPC without credentials is a mistake; one with wrong credentials, which have a reason, may be a guess. */
function isFailedLogin({ code, reason }: ProxyError): boolean {
  return code === "unauthenticated" && reason !== undefined;
}
