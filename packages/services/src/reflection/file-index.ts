/**
 * The files behind the services, findable by name, symbol and extension.
 *
 * @module
 */

import {
  type DescExtension,
  type DescFile,
  type DescMessage,
  type DescService,
  toBinary,
} from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { aliasesOf } from "../aliases.ts";
import { aliasFile } from "./alias-file.ts";

/** A serialized `FileDescriptorProto`. */
export type FileBytes = Uint8Array<ArrayBuffer>;

/** The files behind the services. */
export interface FileIndex {
  /** Full names of the services, aliases included. */
  readonly services: readonly string[];
  /** A file with everything it imports; undefined when unknown. */
  byName(fileName: string): readonly FileBytes[] | undefined;
  /** The same for the file that declares a service, method, message, enum or extension. */
  bySymbol(symbol: string): readonly FileBytes[] | undefined;
  /** The same for the file that declares an extension. */
  byExtension(extendee: string, number: number): readonly FileBytes[] | undefined;
  /** Numbers of the known extensions of a message, ascending; undefined when the message is unknown. */
  extensionNumbers(extendee: string): readonly number[] | undefined;
}

/** Makes the index of the services' files and of all they import. */
export function createFileIndex(services: readonly DescService[]): FileIndex {
  const files = new Map<string, DescFile>();
  for (const service of services) addFile(files, service.file);
  for (const service of services)
    for (const alias of aliasesOf(service.typeName)) addFile(files, aliasFile(service, alias));
  const symbols = new Map<string, DescFile>();
  const extensions = new Map<string, Map<number, DescFile>>();
  for (const file of files.values()) {
    for (const symbol of symbolsOf(file)) symbols.set(symbol, file);
    for (const extension of extensionsOf(file)) {
      const byNumber = extensions.get(extension.extendee.typeName) ?? new Map<number, DescFile>();
      extensions.set(extension.extendee.typeName, byNumber.set(extension.number, file));
    }
  }
  return {
    services: services.flatMap(({ typeName }) => [typeName, ...aliasesOf(typeName)]),
    byName: (fileName) => withImports(files.get(fileName)),
    bySymbol: (symbol) => withImports(symbols.get(symbol)),
    byExtension: (extendee, number) => withImports(extensions.get(extendee)?.get(number)),
    extensionNumbers(extendee) {
      if (!symbols.has(extendee)) return undefined;
      return [...(extensions.get(extendee)?.keys() ?? [])].sort((a, b) => a - b);
    },
  };
}

function addFile(files: Map<string, DescFile>, file: DescFile): void {
  if (files.has(file.proto.name)) return;
  files.set(file.proto.name, file);
  for (const dependency of file.dependencies) addFile(files, dependency);
}

function withImports(file: DescFile | undefined): readonly FileBytes[] | undefined {
  if (!file) return undefined;
  const needed = new Map<string, DescFile>();
  addFile(needed, file);
  return [...needed.values()].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
}

function symbolsOf(file: DescFile): readonly string[] {
  const services = file.services.flatMap(({ typeName, methods }) => [
    typeName,
    ...methods.map(({ name }) => `${typeName}.${name}`),
  ]);
  const types = [...messagesOf(file.messages), ...file.enums, ...extensionsOf(file)];
  const nestedEnums = messagesOf(file.messages).flatMap((message) => message.nestedEnums);
  return [...services, ...[...types, ...nestedEnums].map(({ typeName }) => typeName)];
}

function extensionsOf(file: DescFile): readonly DescExtension[] {
  return [...file.extensions, ...messagesOf(file.messages).flatMap((message) => message.nestedExtensions)];
}

function messagesOf(messages: readonly DescMessage[]): readonly DescMessage[] {
  return messages.flatMap((message) => [message, ...messagesOf(message.nestedMessages)]);
}
