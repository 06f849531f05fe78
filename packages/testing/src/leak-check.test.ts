import { spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { watch } from "node:fs/promises";
import { createServer as createHttpServer, get } from "node:http";
import { type AddressInfo, connect, createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { createFakeClock } from "./fake-clock.ts";
import { expectNoLeaks } from "./leak-check.ts";

const graceMs = 20;

/** Runs what leaks, expects to be told, and cleans up. */
async function expectLeak(run: () => Promise<() => unknown>, leak: string): Promise<void> {
  let cleanUp: (() => unknown) | undefined;
  const checked = expectNoLeaks(
    async () => {
      cleanUp = await run();
    },
    { graceMs },
  );
  await expect(checked).rejects.toThrow(`leaked ${leak}`);
  await cleanUp?.();
}

async function listening(server: ReturnType<typeof createServer>): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

describe("expectNoLeaks", () => {
  it("returns what the function returns", async () => {
    expect(await expectNoLeaks(async () => 42)).toBe(42);
  });

  it("throws what the function throws", async () => {
    await expect(expectNoLeaks(() => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  });

  it("finds a server", async () => {
    await expectLeak(async () => {
      const server = createServer();
      await listening(server);
      return () => once(server.close(), "close");
    }, "1 × TCPSERVERWRAP");
  });

  it("finds both ends of a connection", async () => {
    await expectLeak(async () => {
      const server = createServer();
      const accepted = once(server, "connection");
      const client = connect(await listening(server), "127.0.0.1");
      const [socket] = await accepted;
      server.close();
      return () => {
        client.destroy();
        socket.destroy();
      };
    }, "2 × TCPWRAP");
  });

  it("finds a timer, an interval and a child process", async () => {
    await expectLeak(async () => {
      const timer = setTimeout(() => {}, 60_000);
      const interval = setInterval(() => {}, 60_000);
      return () => {
        clearTimeout(timer);
        clearInterval(interval);
      };
    }, "2 × Timeout");
    await expectLeak(async () => {
      const child = spawn(process.execPath, ["--eval", "setTimeout(() => {}, 60_000)"], { stdio: "ignore" });
      return async () => {
        child.kill();
        await once(child, "exit");
      };
    }, "1 × PROCESSWRAP");
  });

  it("finds a watcher", async () => {
    const controller = new AbortController();
    await expectLeak(async () => {
      const watcher = watch(new URL(".", import.meta.url), { signal: controller.signal });
      const waiting = watcher[Symbol.asyncIterator]()
        .next()
        .catch(() => undefined);
      return () => {
        controller.abort();
        return waiting;
      };
    }, "1 × FSEVENTWRAP");
  });

  it("waits for what is closing, and follows callbacks", async () => {
    await expectNoLeaks(async () => {
      const server = createServer((socket) => socket.end());
      const socket = connect(await listening(server), "127.0.0.1").resume();
      await once(socket, "connect");
      server.close();
      setTimeout(() => {}, 10);
    });
  });

  it("overlooks what Node itself lets go, such as the clock of the date header", async () => {
    await expectNoLeaks(
      async () => {
        const server = createHttpServer((_, response) => response.end("x"));
        const port = await listening(server);
        const [response] = await once(get({ port, host: "127.0.0.1", agent: false }), "response");
        await response.resume().toArray();
        server.close();
        server.closeAllConnections();
        await once(server, "close");
      },
      { graceMs: 200 },
    );
  });

  it("does not mind what others open meanwhile", async () => {
    const release = Promise.withResolvers<void>();
    const checked = expectNoLeaks(() => release.promise, { graceMs });
    const timer = setTimeout(() => {}, 60_000);
    release.resolve();
    await checked;
    clearTimeout(timer);
  });

  it("finds listeners on signals and emitters, and timers of a fake clock", async () => {
    const { signal } = new AbortController();
    const emitter = new EventEmitter();
    const clock = createFakeClock();
    emitter.on("open", () => {});
    const options = { signals: [signal], emitters: [emitter], clocks: [clock], graceMs };
    await expectNoLeaks(async () => {}, options);
    const leaky = async (): Promise<void> => {
      signal.addEventListener("abort", () => {});
      emitter.on("close", () => {});
      clock.schedule(10, () => {});
    };
    await expect(expectNoLeaks(leaky, options)).rejects.toThrow(
      "leaked abort listeners of signal 0: 0 before, 1 after; " +
        "close listeners of emitter 0: 0 before, 1 after; timers of clock 0: 0 before, 1 after",
    );
  });
});
