type NullableKeys<T> = { [K in keyof T]-?: null extends T[K] ? K : never }[keyof T]
type OptionalKeys<T> = { [K in keyof T]-?: object extends Pick<T, K> ? K : never }[keyof T]

/** A wire type as its row: what is optional there is a column that may be NULL. */
export type RowOf<T> =
  & Omit<T, OptionalKeys<T>>
  & { readonly [K in OptionalKeys<T>]-?: Exclude<T[K], undefined> | null }

/** A row as the wire has it: NULL is absence. */
export type WithoutNulls<T> =
  & Omit<T, NullableKeys<T>>
  & { readonly [K in NullableKeys<T>]?: Exclude<T[K], null> }

/** Drops the fields that are NULL. */
export const withoutNulls = <T extends object>(row: T): WithoutNulls<T> =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as WithoutNulls<T>
