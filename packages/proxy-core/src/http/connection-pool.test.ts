import { setImmediate as turn } from "node:timers/promises";
import { ProxyError, systemClock } from "@llmproxy/spec";
import { createFakeUpstream, type FakeUpstream, jsonAnswer, until } from "@llmproxy/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConnectionPool } from "./connection-pool.ts";
import { createConnector } from "./connector.ts";
import { exchange } from "./exchange.ts";
import { defaultTimeouts, Watchdogs } from "./watchdog.ts";

const stall = { body: "{}", fault: { kind: "stall" } } as const;
const left = new ProxyError("canceled", "the client left");

let upstream: FakeUpstream;
let pool: ConnectionPool;
/** Whether the process has to wait for the connection that was made last. */
let isHeld: boolean;

beforeEach(async () => {
  upstream = await createFakeUpstream();
  const baseUrl = { protocol: "http:", host: "127.0.0.1", port: upstream.port, path: "" } as const;
  const connector = createConnector({ ...baseUrl, allowPrivate: true });
  const connect = () => {
    const socket = connector.connect();
    const { ref, unref } = socket;
    isHeld = true;
    socket.ref = () => {
      isHeld = true;
      return ref.call(socket);
    };
    socket.unref = () => {
      isHeld = false;
      return unref.call(socket);
    };
    return socket;
  };
  pool = new ConnectionPool({ baseUrl, connector: { ...connector, connect } });
});

afterEach(async () => {
  pool.close();
  await upstream.close();
});

function ask(background: boolean, signal = new AbortController().signal) {
  const watchdogs = new Watchdogs({ clock: systemClock, timeouts: defaultTimeouts });
  return exchange(
    { method: "GET", path: "/", headers: {}, body: [], signal, background },
    {
      provider: "fake",
      basePath: "",
      pool,
      timeouts: defaultTimeouts,
      watchdogs,
      clock: systemClock,
      onClose: () => {},
    },
  );
}

async function askToEnd(background: boolean): Promise<void> {
  const response = await ask(background);
  while (await response.read());
}

const kinds = [
  { before: [], last: true },
  { before: [], last: false },
  { before: [true], last: false },
  { before: [true], last: true },
  { before: [false], last: true },
  { before: [false, true, true], last: false },
];

describe("ConnectionPool", () => {
  it.each(kinds.flatMap((kind) => [false, true].map((pause) => ({ ...kind, pause }))))(
    "lets the process end while only a background request waits: $before, then $last, idle between: $pause",
    async ({ before, last, pause }) => {
      const [first, ...more] = [...before.map(() => jsonAnswer({})), stall];
      upstream.respond(first ?? stall, ...more);
      for (const background of before) {
        await askToEnd(background);
        if (pause) await turn();
      }
      const controller = new AbortController();
      const failure = expect(ask(last, controller.signal)).rejects.toBe(left);
      await until(() => upstream.requests.length === before.length + 1);
      expect(isHeld).toBe(!last);
      controller.abort(left);
      await failure;
    },
  );

  it("hands out the connection that was used last", async () => {
    upstream.respond(jsonAnswer({}));
    await Promise.all([askToEnd(false), askToEnd(false)]);
    await askToEnd(false);
    expect(upstream.connections).toBe(2);
    expect(upstream.requests[2]?.connection).toBe(upstream.requests[1]?.connection);
  });

  it("keeps no connection that the upstream closes", async () => {
    upstream.respond(jsonAnswer({}, { headers: { connection: "close" } }));
    await askToEnd(false);
    await until(() => upstream.openConnections === 0);
    expect(await pool.take()).toMatchObject({ isReused: false });
  });
});
