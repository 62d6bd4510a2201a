import { uuid } from '../uuid.ts'
import type { Place } from './stores.ts'

/** One page of a list. @property next what to ask for as `after`; undefined on the last page */
export type Page<T> = { readonly items: readonly T[]; readonly next: string | undefined }

/** O9: nobody asks for a million rows at once. */
export const mostPerPage = 200

/** One more than is shown is read: it says whether there is a next page. */
export const paged = async <T>(
  limit: number,
  read: (limit: number) => Promise<readonly T[]>,
  keyOf: (item: T) => string,
): Promise<Page<T>> => {
  const found = await read(limit + 1)
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return { items, next: found.length > limit && last ? keyOf(last) : undefined }
}

/** Of a `Place` as text: milliseconds and the id. */
export const placePattern = `^\\d{1,14}\\.${uuid}$`
const place = new RegExp(placePattern)

export const placeText = ({ at, id }: Place): string => `${at.getTime()}.${id}`

/** @returns undefined for what is none */
export const placeOf = (text: string | undefined): Place | undefined => {
  if (text === undefined || !place.test(text)) return undefined
  const dot = text.indexOf('.')
  return { at: new Date(Number(text.slice(0, dot))), id: text.slice(dot + 1) }
}
