/**
 * Why a database refused a statement, in the words of no particular database.
 *
 * @module
 */

/** The kind of constraint that does not hold. */
export type Violation = "unique" | "foreign-key";

/** Tells which constraint made a database refuse a statement; undefined when the failure is another. */
export type ViolationReader = (error: unknown) => Violation | undefined;
