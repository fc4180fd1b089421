/**
 * What plain data that was read from somewhere has to be to count as its type. A shape names every field of its type, each
 * exactly as it is there, or it does not compile. Looking at a value costs one look-up a field: it is done for each
 * record of a journal.
 */

export interface Shape<T, Required extends boolean = true> {
  readonly is: (value: unknown) => value is T;
  readonly required: Required;
  /** Never there: it makes a shape that takes more or less than its type another type. */
  readonly exactly?: (value: T) => T;
}

type PlainObject = Readonly<Record<string, unknown>>;

type IsOptional<T, F extends keyof T> = Partial<Pick<T, F>> extends Pick<T, F> ? true : false;

/** One shape for each field; `maybe` for those that may be missing, and for no other. */
export type FieldShapes<T> = {
  readonly [F in keyof T]-?: IsOptional<T, F> extends true
    ? Shape<Exclude<T[F], undefined>, false>
    : Shape<T[F]>;
};

interface Field {
  readonly name: string;
  readonly is: (value: unknown) => boolean;
  readonly required: boolean;
}

export interface Fields {
  /** As they are written. */
  readonly inOrder: readonly Field[];
  readonly byName: ReadonlyMap<string, Field>;
  readonly required: number;
}

export function fieldsOf<T>(shapes: FieldShapes<T>): Fields {
  const inOrder: Field[] = [];
  for (const name in shapes) inOrder.push({ name, is: shapes[name].is, required: shapes[name].required });
  const byName = new Map(inOrder.map((field) => [field.name, field]));
  return { inOrder, byName, required: inOrder.filter(({ required }) => required).length };
}

/** Null when the object has the fields and no others, else what is wrong with it. A field that is undefined is none. */
export function fieldProblem({ inOrder, byName, required }: Fields, value: PlainObject): string | null {
  let found = 0;
  let place = 0;
  for (const name in value) {
    const content = value[name];
    if (content === undefined) continue;
    // Most objects have their fields in the table's order: only the others are looked up.
    const next = inOrder[place++];
    const field = next?.name === name ? next : byName.get(name);
    if (field === undefined)
      return `has a field ${JSON.stringify(name.slice(0, 64))}, which this version does not know; start the version that wrote it`;
    if (!field.is(content)) return `has a field "${name}" that is not what it has to be`;
    if (field.required) found++;
  }
  if (found === required) return null;
  const missing = inOrder.find((field) => field.required && value[field.name] === undefined);
  return `has no field "${missing?.name ?? ''}"`;
}

function shape<T>(is: (value: unknown) => value is T): Shape<T> {
  return { is, required: true };
}

export const text = shape((value) => typeof value === 'string');
export const flag = shape((value) => typeof value === 'boolean');
export const number = shape((value): value is number => Number.isFinite(value));
export const whole = shape((value): value is number => Number.isSafeInteger(value));
/** A number with more digits than a JSON number keeps. */
export const decimal = shape(
  (value): value is string => typeof value === 'string' && /^\d{1,40}$/.test(value),
);
export const anything = shape((value): value is unknown => value !== undefined);

export function oneOf<const V extends string>(...values: readonly V[]): Shape<V> {
  const known = new Set<unknown>(values);
  return shape((value): value is V => known.has(value));
}

export function nullOr<T>({ is }: Shape<T>): Shape<T | null> {
  return shape((value) => value === null || is(value));
}

export function maybe<T>({ is }: Shape<T>): Shape<T, false> {
  return { is, required: false };
}

export function listOf<T>({ is }: Shape<T>): Shape<readonly T[]> {
  return shape((value): value is readonly T[] => Array.isArray(value) && value.every(is));
}

export function namesTo<T>({ is }: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return shape(
    (value): value is Readonly<Record<string, T>> => isObject(value) && Object.values(value).every(is),
  );
}

export function objectOf<T>(shapes: FieldShapes<T>): Shape<T> {
  const fields = fieldsOf(shapes);
  return shape((value): value is T => isObject(value) && fieldProblem(fields, value) === null);
}

function isObject(value: unknown): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
