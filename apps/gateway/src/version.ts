/** The version clients are told; the test compares it to the manifest. */
export const version = "0.1.0";
