/**
 * A service with every kind of field and every kind of rule, which the API itself does not have all of.
 *
 * @module
 */

import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  create,
  createFileRegistry,
  type DescMessage,
  type DescMethod,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  setExtension,
} from "@bufbuild/protobuf";
import {
  type FieldDescriptorProto,
  FieldDescriptorProtoSchema,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  file_google_protobuf_duration,
  file_google_protobuf_field_mask,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
  FieldDescriptorProto_Label as Label,
  type MethodOptions,
  MethodOptionsSchema,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";
import { HttpRuleSchema, httpOption, successStatusOption } from "@llmproxy/proto";

const wellKnownFiles = [
  file_google_protobuf_duration,
  file_google_protobuf_field_mask,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
];

type FieldInit = MessageInitShape<typeof FieldDescriptorProtoSchema>;

let nextNumber = 0;

function field(name: string, type: Type | string, more: FieldInit = {}): FieldDescriptorProto {
  const isMessage = typeof type === "string";
  const isEnum = isMessage && type.endsWith("Color");
  return create(FieldDescriptorProtoSchema, {
    name,
    number: ++nextNumber,
    jsonName: name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
    label: Label.OPTIONAL,
    type: isMessage ? (isEnum ? Type.ENUM : Type.MESSAGE) : type,
    ...(isMessage && { typeName: `.${type}` }),
    ...more,
  });
}

const repeated = { label: Label.REPEATED };
const google = (name: string): string => `google.protobuf.${name}`;

const scalars = Object.entries({
  text: Type.STRING,
  int32_value: Type.INT32,
  uint32_value: Type.UINT32,
  sint32_value: Type.SINT32,
  fixed32_value: Type.FIXED32,
  sfixed32_value: Type.SFIXED32,
  int64_value: Type.INT64,
  uint64_value: Type.UINT64,
  sint64_value: Type.SINT64,
  fixed64_value: Type.FIXED64,
  sfixed64_value: Type.SFIXED64,
  flag: Type.BOOL,
  data: Type.BYTES,
  float_value: Type.FLOAT,
  double_value: Type.DOUBLE,
});

function mapEntry(name: string, key: Type, value: Type | string) {
  return {
    name,
    options: { mapEntry: true },
    field: [field("key", key, { number: 1 }), field("value", value, { number: 2 })],
  };
}

const everything = {
  name: "Everything",
  oneofDecl: [{ name: "choice" }, { name: "_maybe_text" }, { name: "_maybe_color" }],
  nestedType: [
    mapEntry("LabelsEntry", Type.STRING, Type.STRING),
    mapEntry("InnersByNumberEntry", Type.INT32, "test.v1.Inner"),
    mapEntry("LongsByFlagEntry", Type.BOOL, Type.INT64),
    mapEntry("ColorsByLongEntry", Type.UINT64, "test.v1.Color"),
  ],
  field: [
    ...scalars.map(([name, type]) => field(name, type)),
    ...scalars.map(([name, type]) => field(`repeated_${name}`, type, repeated)),
    field("maybe_text", Type.STRING, { oneofIndex: 1, proto3Optional: true }),
    field("maybe_color", "test.v1.Color", { oneofIndex: 2, proto3Optional: true }),
    field("color", "test.v1.Color"),
    field("colors", "test.v1.Color", repeated),
    field("inner", "test.v1.Inner"),
    field("inners", "test.v1.Inner", repeated),
    field("choice_text", Type.STRING, { oneofIndex: 0 }),
    field("choice_number", Type.INT64, { oneofIndex: 0 }),
    field("choice_inner", "test.v1.Inner", { oneofIndex: 0 }),
    field("labels", "test.v1.Everything.LabelsEntry", repeated),
    field("inners_by_number", "test.v1.Everything.InnersByNumberEntry", repeated),
    field("longs_by_flag", "test.v1.Everything.LongsByFlagEntry", repeated),
    field("colors_by_long", "test.v1.Everything.ColorsByLongEntry", repeated),
    field("time", google("Timestamp")),
    field("times", google("Timestamp"), repeated),
    field("duration", google("Duration")),
    field("mask", google("FieldMask")),
    field("struct", google("Struct")),
    field("any_json", google("Value")),
    field("list_json", google("ListValue")),
    ...["String", "Int32", "Int64", "UInt64", "Bool", "Bytes", "Double"].map((name) =>
      field(`${name.toLowerCase()}_wrapper`, google(`${name}Value`)),
    ),
  ],
};

const inner = {
  name: "Inner",
  field: [
    field("text", Type.STRING),
    field("long", Type.INT64),
    field("inner", "test.v1.Inner"),
    field("texts", Type.STRING, repeated),
  ],
};

type Rule = MessageInitShape<typeof HttpRuleSchema>;

interface MethodInit {
  readonly name: string;
  readonly rule: Rule;
  readonly status?: number;
  readonly serverStreaming?: boolean;
}

const methods: readonly MethodInit[] = [
  { name: "Body", rule: { pattern: { case: "post", value: "/test/body" }, body: "*" } },
  { name: "Query", rule: { pattern: { case: "get", value: "/test/query" } } },
  { name: "Path", rule: { pattern: { case: "get", value: "/test/path/{text}" } } },
  { name: "Nested", rule: { pattern: { case: "get", value: "/test/nested/{inner.inner.text}/{color}" } } },
  { name: "Deep", rule: { pattern: { case: "get", value: "/test/deep/{text=projects/*/keys/*}" } } },
  { name: "Rest", rule: { pattern: { case: "get", value: "/test/rest/{text=**}" } } },
  { name: "Verb", rule: { pattern: { case: "post", value: "/test/path/{text}:undo" }, body: "*" } },
  { name: "Special", rule: { pattern: { case: "get", value: "/test/path/special" } } },
  { name: "Field", rule: { pattern: { case: "put", value: "/test/field/{text}" }, body: "inner" } },
  {
    name: "List",
    rule: { pattern: { case: "put", value: "/test/list" }, body: "texts_list", responseBody: "" },
  },
  {
    name: "Several",
    rule: {
      pattern: { case: "patch", value: "/test/several/{text}" },
      body: "*",
      responseBody: "inners",
      additionalBindings: [
        { pattern: { case: "put", value: "/test/several/{text}" }, body: "*", responseBody: "inner" },
        { pattern: { case: "custom", value: { kind: "PURGE", path: "/test/several/{text}" } } },
      ],
    },
  },
  { name: "Made", rule: { pattern: { case: "post", value: "/test/made" }, body: "*" }, status: 201 },
  { name: "Gone", rule: { pattern: { case: "delete", value: "/test/gone/{text}" } }, status: 204 },
  {
    name: "Watch",
    rule: { pattern: { case: "get", value: "/test/watch" }, responseBody: "text" },
    serverStreaming: true,
  },
];

function options({ rule, status }: MethodInit): MethodOptions {
  const made = create(MethodOptionsSchema);
  const { body } = rule;
  setExtension(
    made,
    httpOption,
    create(HttpRuleSchema, body === "texts_list" ? { ...rule, body: "repeated_text" } : rule),
  );
  if (status !== undefined) setExtension(made, successStatusOption, status);
  return made;
}

const file = create(FileDescriptorProtoSchema, {
  name: "test/v1/everything.proto",
  package: "test.v1",
  syntax: "proto3",
  dependency: wellKnownFiles.map(({ proto }) => proto.name),
  enumType: [
    {
      name: "Color",
      value: ["COLOR_UNSPECIFIED", "RED", "GREEN"].map((name, number) => ({ name, number })),
    },
  ],
  messageType: [inner, everything],
  service: [
    {
      name: "TestService",
      method: methods.map((method) => ({
        name: method.name,
        inputType: ".test.v1.Everything",
        outputType: ".test.v1.Everything",
        serverStreaming: method.serverStreaming ?? false,
        options: options(method),
      })),
    },
  ],
});

const registry = createFileRegistry(
  create(FileDescriptorSetSchema, { file: [...wellKnownFiles.map(({ proto }) => proto), file] }),
);

/** A message with every kind of field. */
export const EverythingSchema: DescMessage = found(registry.getMessage("test.v1.Everything"));

const { methods: testMethods } = found(registry.getService("test.v1.TestService"));

/** The methods of a service with every kind of rule; each takes and gives `Everything`. */
export const unaryMethods: readonly DescMethodUnary[] = testMethods.filter(isUnary);

/** Its method that answers with a stream. */
export const watchMethod: DescMethodServerStreaming = found(testMethods.find(isServerStreaming));

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === "unary";
}

function isServerStreaming(method: DescMethod): method is DescMethodServerStreaming {
  return method.methodKind === "server_streaming";
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError("the test's descriptors are not whole");
  return value;
}
