import { type AddressInfo, connect, createServer } from "node:net";
import { silentLogger, systemClock } from "@llmproxy/spec";
import { createMemoryMeter, until } from "@llmproxy/testing";
import { expect, it } from "vitest";
import { Dispatcher } from "./dispatcher.ts";
import { Http2 } from "./http2.ts";
import { resolveLimits } from "./limits.ts";
import { clientPreface, frame, requestFrame, uint32 } from "./test-support/http2-frames.ts";

it("a flood that has been buffered when its session begins ends the session, not the process", async () => {
  const limits = resolveLimits({});
  const refused = createMemoryMeter().counter({ name: "refused_total", help: "", labels: ["status"] });
  const dispatcher = new Dispatcher({ handler: () => {}, limits, logger: silentLogger, refused });
  const http2 = new Http2({
    dispatcher,
    clock: systemClock,
    limits,
    logger: silentLogger,
    onRefused() {},
    random: () => 0.5,
  });
  const failures: unknown[] = [];
  const note = (error: unknown): void => void failures.push(error);
  process.on("uncaughtException", note);
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("readable", async () => {
      socket.unshift(socket.read());
      await until(() => socket.readableLength > 65_536);
      http2.accept(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const resets = Array.from({ length: 10_000 }, (_, index) => {
    const stream = 2 * index + 1;
    return Buffer.concat([requestFrame(stream), frame({ type: "rstStream", stream, payload: uint32(8) })]);
  });
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  client
    .on("error", () => {})
    .resume()
    .write(Buffer.concat([clientPreface, ...resets]));
  await new Promise((resolve) => client.on("close", resolve));
  await new Promise((resolve) => server.close(resolve));
  process.off("uncaughtException", note);
  expect(failures).toEqual([]);
});
