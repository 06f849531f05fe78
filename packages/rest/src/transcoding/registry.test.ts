import { request as httpRequest, type IncomingMessage } from "node:http";
import { type DescField, equals, type Message, ScalarType } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { arbitraryMessage } from "../testing/arbitrary-message.ts";
import { everyRpc, takingRegistry } from "../testing/every-rpc.ts";
import { type RestRequest, restRequestOf } from "../testing/rest-request.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";
import type { Binding } from "./binding.ts";
import { isParameter } from "./read-query.ts";
import { createRoutes } from "./routes.ts";

const { bindings } = createRoutes(everyRpc());
const cases = bindings.map((binding) => [`${binding.method} ${binding.template.text}`, binding] as const);

let server: TestServer;
let taken: Message[] = [];

beforeAll(async () => {
  server = await startTestServer([], { registry: takingRegistry((_, message) => taken.push(message)) });
});
afterAll(() => server.close());

/** Sends the path as it is; `fetch` would resolve dots in it. */
function send({ method, target, body }: RestRequest): Promise<IncomingMessage> {
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  return new Promise((resolve, reject) => {
    const request = httpRequest(server.url, { method, path: target, headers }, (answer) => {
      answer.resume().on("end", () => resolve(answer));
    });
    request.on("error", reject).end(body);
  });
}

/** Any message that a request of this binding can carry. */
function messagesOf(binding: Binding): fc.Arbitrary<Message> {
  const { input } = binding.registered.rpc.method;
  const isWanted = (field: DescField): boolean =>
    binding.body === "all" || binding.body === field || isParameter(field);
  return arbitraryMessage(input, { isWanted }).map((message) => {
    const whole = reflect(input, message);
    for (const [field] of binding.pathFields.values())
      if (field.scalar === ScalarType.STRING && !whole.isSet(field)) whole.set(field, "x/y");
    return message;
  });
}

describe("every rpc of the api", () => {
  it("is reached by rest, unless a client streams to it or another protocol is its own", () => {
    const reached = new Set(bindings.map(({ registered }) => registered.path));
    const others = everyRpc().rpcs.filter(({ path }) => !reached.has(path));
    expect(
      others.filter(({ rpc, path }) => rpc.kind !== "bidi-stream" && !path.startsWith("/grpc.")),
    ).toEqual([]);
  });

  it.each(cases)("%s means the message it was made from", async (_, binding) => {
    const { input } = binding.registered.rpc.method;
    await fc.assert(
      fc.asyncProperty(messagesOf(binding), async (message) => {
        taken = [];
        const answer = await send(restRequestOf(binding, message));
        expect(answer.statusCode).toBe(binding.successStatus);
        const [received] = taken;
        expect(received && equals(input, received, message)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});
