const longest = 200

/**
 * What somebody typed to find a person or an app, as the stored keys are spelled.
 * @returns undefined for what no name can hold: control and format characters, lone surrogates
 */
export const searchOf = (typed: string | undefined): string | undefined => {
  const text = (typed ?? '').slice(0, longest + 1)
  if (text.length > longest || /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text)) return undefined
  return text.normalize('NFKC').trim().toLowerCase()
}
