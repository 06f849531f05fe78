/**
 * One connection of the load generator: sends requests one at a time and connects again when it was closed.
 *
 * @module
 */

import { connect, type Socket } from "node:net";
import { MarkReader } from "../wire/mark.ts";
import { MessageParser } from "../wire/message-parser.ts";

/** Told what becomes of a request. */
export interface ExchangeHandler {
  /** A piece of text has come. */
  onMark(sentUs: number, heldUs: number): void;
  /** The answer has come whole. */
  onEnd(status: number): void;
  /** There will be no answer. */
  onFailure(message: string): void;
}

/** A connection. */
export class ClientConnection {
  readonly #port: number;
  readonly #handler: ExchangeHandler;
  readonly #marks = new MarkReader();
  readonly #onMark = (sentUs: number, heldUs: number): void => this.#handler.onMark(sentUs, heldUs);
  #socket: Socket | undefined;
  #status = 0;
  #isWaiting = false;

  /** @param handler - told what becomes of each request; may send the next one from `onEnd` and `onFailure` */
  constructor(port: number, handler: ExchangeHandler) {
    this.#port = port;
    this.#handler = handler;
  }

  /** Sends a request; the one before must have ended. */
  send(request: Buffer): void {
    this.#isWaiting = true;
    this.#marks.reset();
    this.#socket ??= this.#connect();
    this.#socket.write(request);
  }

  /** Closes the connection, whatever it is doing; nothing more is told. */
  close(): void {
    this.#isWaiting = false;
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #connect(): Socket {
    const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    const parser = this.#parser(socket);
    const onGone = (message: string): void => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      socket.destroy();
      if (this.#isWaiting) this.#fail(message);
    };
    socket.on("data", (bytes: Buffer) => {
      try {
        parser.push(bytes);
      } catch (reason) {
        onGone(reason instanceof Error ? reason.message : String(reason));
      }
    });
    socket.on("error", (error) => onGone(error.message));
    socket.on("end", () => onGone("the connection was closed within an answer"));
    return socket;
  }

  #parser(socket: Socket): MessageParser {
    let closes = false;
    return new MessageParser({
      onHead: (head) => {
        this.#status = Number(head.slice(9, 12));
        closes = /\r\nconnection: *close/i.test(head);
      },
      onBody: (piece) => this.#marks.read(piece, this.#onMark),
      onEnd: () => {
        if (closes) {
          this.#socket = undefined;
          socket.destroy();
        }
        this.#isWaiting = false;
        this.#handler.onEnd(this.#status);
      },
    });
  }

  #fail(message: string): void {
    this.#isWaiting = false;
    this.#handler.onFailure(message);
  }
}
