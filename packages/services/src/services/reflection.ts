/**
 * Server reflection, v1 and v1alpha, which differ in nothing but their name.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/server-reflection.md
 * @module
 */

import type { DescService } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { ServerReflection, ServerReflectionV1alpha } from "@llmproxy/proto";
import { createFileIndex, type FileBytes, type FileIndex } from "../reflection/file-index.ts";
import { bidiStream, credential, type Rpc } from "../rpc.ts";

/**
 * The reflection RPCs.
 *
 * @param services - all services of the server; asked at the first request, because reading the descriptors takes
 *   memory a server that nobody inspects should not spend
 */
export function reflectionRpcs(services: () => readonly DescService[]): readonly Rpc[] {
  let known: FileIndex | undefined;
  const index = (): FileIndex => {
    known ??= createFileIndex(services());
    return known;
  };
  return [
    bidiStream(credential, ServerReflection.method.serverReflectionInfo, async function* (requests) {
      for await (const request of requests) yield respond(index(), request);
    }),
    bidiStream(credential, ServerReflectionV1alpha.method.serverReflectionInfo, async function* (requests) {
      for await (const request of requests) yield respond(index(), request);
    }),
  ];
}

/** What can be asked; the shape both versions share. */
type Question =
  | {
      readonly case: "fileByFilename" | "fileContainingSymbol" | "allExtensionNumbersOfType" | "listServices";
      readonly value: string;
    }
  | {
      readonly case: "fileContainingExtension";
      readonly value: { readonly containingType: string; readonly extensionNumber: number };
    }
  | { readonly case: undefined; readonly value?: undefined };

function respond<Request extends { readonly host: string; readonly messageRequest: Question }>(
  index: FileIndex,
  request: Request,
) {
  return {
    validHost: request.host,
    originalRequest: request,
    messageResponse: answer(index, request.messageRequest),
  };
}

function answer(index: FileIndex, question: Question) {
  switch (question.case) {
    case "fileByFilename":
      return files(index.byName(question.value));
    case "fileContainingSymbol":
      return files(index.bySymbol(question.value));
    case "fileContainingExtension":
      return files(index.byExtension(question.value.containingType, question.value.extensionNumber));
    case "allExtensionNumbersOfType":
      return extensionNumbers(question.value, index.extensionNumbers(question.value));
    case "listServices": {
      const service = index.services.map((name) => ({ name }));
      return { case: "listServicesResponse", value: { service } } as const;
    }
    default:
      return failure(Code.InvalidArgument, "expected one of the questions of message_request");
  }
}

function files(found: readonly FileBytes[] | undefined) {
  if (!found) return failure(Code.NotFound, "not found");
  const value = { fileDescriptorProto: [...found] };
  return { case: "fileDescriptorResponse", value } as const;
}

function extensionNumbers(baseTypeName: string, numbers: readonly number[] | undefined) {
  if (!numbers) return failure(Code.NotFound, "not found");
  const value = { baseTypeName, extensionNumber: [...numbers] };
  return { case: "allExtensionNumbersResponse", value } as const;
}

function failure(errorCode: number, errorMessage: string) {
  return { case: "errorResponse", value: { errorCode, errorMessage } } as const;
}
