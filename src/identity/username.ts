/** A person's name as they see it, and the key by which two spellings are the same person. */
export type Username = { readonly display: string; readonly key: string }

const longest = 128

/**
 * Display is NFC; the key is NFKC in lower case, so that no look-alike by width or case is a second person.
 * @returns undefined when it is empty, longer than 128 characters, or holds control or format characters or lone surrogates
 */
export const parseUsername = (text: string): Username | undefined => {
  // A megabyte is refused before anything is normalised.
  if (text.length > 4 * longest) return undefined
  const display = text.normalize('NFC').trim()
  const key = keyOf(display)
  return isSane(display) && isSane(key) ? { display, key } : undefined
}

/** Lower case can undo NFKC and NFKC lower case, so both are done until nothing changes; twice is enough. */
const keyOf = (text: string): string => {
  const once = (of: string): string => of.normalize('NFKC').toLowerCase().normalize('NFKC').trim()
  return once(once(text))
}

const isSane = (text: string): boolean => {
  const length = [...text].length
  return length >= 1 && length <= longest && !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text)
}
