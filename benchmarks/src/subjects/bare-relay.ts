/**
 * The process of the bare relay: `bare-relay.ts PORT ORIGIN`.
 *
 * It does the least that can be called a proxy for a model: reads the request and parses it for the model, passes it
 * on, and reads the usage of a unary answer. It is the measure of what Node itself costs.
 *
 * @module
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import process from "node:process";
import { type Dispatcher, Pool } from "undici";

const [, , port = "0", origin = ""] = process.argv;
const pool = new Pool(origin, { connections: 256, pipelining: 1 });

type JsonObject = Readonly<Record<string, unknown>>;

class Relay implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;
  readonly #stream: boolean;
  readonly #body: Buffer[] = [];
  #upstream: Dispatcher.DispatchController | undefined;
  #contentType = "application/json";

  constructor(response: ServerResponse, stream: boolean) {
    this.#response = response;
    this.#stream = stream;
    response.once("close", () => {
      if (!response.writableFinished) this.#upstream?.abort(new Error("the client left"));
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#upstream = controller;
    if (this.#response.destroyed) controller.abort(new Error("the client left"));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    this.#contentType = String(headers["content-type"]);
    this.#response.statusCode = status;
    if (this.#stream) this.#response.writeHead(status, { "content-type": this.#contentType });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#stream) {
      this.#body.push(chunk);
      return;
    }
    if (this.#response.write(chunk)) return;
    controller.pause();
    this.#response.once("drain", () => controller.resume());
  }

  onResponseEnd(): void {
    if (this.#stream) {
      this.#response.end();
      return;
    }
    const [first = Buffer.alloc(0)] = this.#body;
    const body = this.#body.length === 1 ? first : Buffer.concat(this.#body);
    countUsage(JSON.parse(body.toString()));
    this.#response.writeHead(this.#response.statusCode, {
      "content-type": this.#contentType,
      "content-length": body.length,
    });
    this.#response.end(body);
  }

  onResponseError(): void {
    if (this.#response.headersSent) this.#response.destroy();
    else this.#response.writeHead(502).end();
  }
}

let tokens = 0;

function countUsage({ usage }: { readonly usage?: JsonObject }): void {
  tokens += Number(usage?.total_tokens ?? usage?.output_tokens ?? 0);
}

function relay(request: IncomingMessage, response: ServerResponse): void {
  const pieces: Buffer[] = [];
  request.on("data", (piece: Buffer) => pieces.push(piece));
  request.on("end", () => {
    const body = Buffer.concat(pieces);
    const { model, stream } = JSON.parse(body.toString()) as JsonObject;
    if (typeof model !== "string") {
      response.writeHead(400).end();
      return;
    }
    const headers = { "content-type": "application/json", authorization: "Bearer upstream-key" };
    pool.dispatch(
      { method: "POST", path: request.url ?? "/", headers, body },
      new Relay(response, stream === true),
    );
  });
}

createServer((request, response) => {
  if (request.url === "/health") response.end(String(tokens));
  else relay(request, response);
}).listen(Number(port), "127.0.0.1");
