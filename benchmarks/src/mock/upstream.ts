/**
 * The upstream: answers in the formats of OpenAI and Anthropic as the script in the request says, and tells when a
 * request was given up.
 *
 * On `node:net`, because it shares a core with the load generator and must not be what limits a run.
 *
 * @module
 */

import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { monotonicUs } from "../clock.ts";
import { MessageParser } from "../wire/message-parser.ts";
import { readScript } from "../wire/script.ts";
import { type Answers, anthropicAnswers, jsonAnswer, modelsAnswer, openaiAnswers } from "./answers.ts";
import { StreamedAnswer } from "./streamed-answer.ts";

/** A request that was given up before its answer had ended. */
export interface Abandoned {
  /** The number of the call, from its script. */
  readonly call: number;
  /** When the connection closed, by `monotonicUs`. */
  readonly atUs: number;
}

/** A running upstream. */
export interface Upstream {
  readonly port: number;
  /** What was given up since the last time. */
  takeAbandoned(): readonly Abandoned[];
  close(): Promise<void>;
}

/** Starts an upstream on a free port of the loopback interface. */
export async function startUpstream(): Promise<Upstream> {
  const sockets = new Set<Socket>();
  let abandoned: Abandoned[] = [];
  const formats = { openai: openaiAnswers(), anthropic: anthropicAnswers() };
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    serve(socket, formats, (call) => abandoned.push({ call, atUs: monotonicUs() }));
  });
  const port = await listen(server);
  return {
    port,
    takeAbandoned() {
      const taken = abandoned;
      abandoned = [];
      return taken;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the upstream has no port");
  return address.port;
}

interface Formats {
  readonly openai: Answers;
  readonly anthropic: Answers;
}

/** What a connection is working on. */
interface Work {
  readonly call: number;
  /** Stops it. */
  cancel(): void;
}

function serve(socket: Socket, formats: Formats, onAbandoned: (call: number) => void): void {
  let head = "";
  let body: Buffer[] = [];
  let work: Work | undefined;
  const onDone = (): void => {
    work = undefined;
  };
  const parser = new MessageParser({
    onHead(text) {
      head = text;
      body = [];
    },
    onBody: (piece) => body.push(piece),
    onEnd() {
      const [method = "", path = ""] = head.split(" ", 2);
      const text =
        body.length === 1 ? (body[0]?.toString("latin1") ?? "") : Buffer.concat(body).toString("latin1");
      work = answer({ method, path, body: text, socket, formats, onDone });
    },
  });
  const onGone = (): void => {
    if (!work) return;
    onAbandoned(work.call);
    work.cancel();
    work = undefined;
  };
  socket.on("data", (bytes: Buffer) => parser.push(bytes));
  socket.on("error", onGone);
  socket.on("end", onGone);
  socket.on("close", onGone);
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly socket: Socket;
  readonly formats: Formats;
  readonly onDone: () => void;
}

/** Begins to answer; what it returns is still being worked on. */
function answer({ method, path, body, socket, formats, onDone }: Request): Work | undefined {
  const answers = method === "POST" ? answersAt(path, formats) : undefined;
  if (!answers) {
    const isCatalogue = method === "GET" && path.includes("/models");
    socket.write(
      isCatalogue ? modelsAnswer : jsonAnswer({ error: { message: "not here" } }, "404 Not Found"),
    );
    return undefined;
  }
  const receivedUs = monotonicUs();
  const { script, call } = readScript(body);
  if (/"stream": ?true/.test(body)) {
    const stream = new StreamedAnswer({ socket, answers, script, receivedUs, onDone });
    stream.start();
    return { call, cancel: () => stream.cancel() };
  }
  const send = (): void => {
    onDone();
    const sentUs = monotonicUs();
    socket.write(answers.unary(sentUs, sentUs - receivedUs), "latin1");
  };
  if (script.delayMs === 0) {
    send();
    return undefined;
  }
  const timer = setTimeout(send, script.delayMs);
  return { call, cancel: () => clearTimeout(timer) };
}

function answersAt(path: string, { openai, anthropic }: Formats): Answers | undefined {
  if (path.includes("/chat/completions")) return openai;
  return path.includes("/messages") ? anthropic : undefined;
}
