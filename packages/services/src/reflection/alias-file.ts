/**
 * What a service looks like to clients that know it by another name.
 *
 * @module
 */

import {
  createFileRegistry,
  type DescFile,
  type DescService,
  fromBinary,
  toBinary,
} from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";

/**
 * Makes a file that declares a service and all messages of its file under an alias.
 *
 * @param alias - the full name, with a package
 */
export function aliasFile(service: DescService, alias: string): DescFile {
  const original = service.file.proto;
  const end = alias.lastIndexOf(".");
  const packageName = alias.slice(0, end);
  // A copy by way of bytes keeps options this program does not know.
  const proto = fromBinary(FileDescriptorProtoSchema, toBinary(FileDescriptorProtoSchema, original));
  renameTypes(proto, `.${original.package}.`, `.${packageName}.`);
  proto.package = packageName;
  proto.name = `${alias.replaceAll(".", "/")}.proto`;
  proto.service = proto.service.filter(({ name }) => name === service.name);
  for (const aliased of proto.service) aliased.name = alias.slice(end + 1);
  const imports = new Map(service.file.dependencies.map((file) => [file.proto.name, file]));
  const registry = createFileRegistry(proto, (name) => imports.get(name));
  const file = registry.getFile(proto.name);
  if (!file) throw new TypeError(`${proto.name} is not in its own registry`);
  return file;
}

function renameTypes(proto: FileDescriptorProto, from: string, to: string): void {
  const rename = (name: string): string => (name.startsWith(from) ? `${to}${name.slice(from.length)}` : name);
  for (const method of proto.service.flatMap((service) => service.method)) {
    method.inputType = rename(method.inputType);
    method.outputType = rename(method.outputType);
  }
  for (const message of proto.messageType) renameFields(message, rename);
}

function renameFields(message: DescriptorProto, rename: (name: string) => string): void {
  for (const field of message.field) field.typeName = rename(field.typeName);
  for (const nested of message.nestedType) renameFields(nested, rename);
}
