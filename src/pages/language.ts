import { en, type Texts } from './texts/en.ts'
import { ko } from './texts/ko.ts'

export const languages = ['en', 'ko'] as const
export type Language = (typeof languages)[number]

export const texts: Readonly<Record<Language, Texts>> = { en, ko }

/** The words for a name that came from somewhere; undefined where there are none, also for `toString`. */
export const wordsFor = (known: Readonly<Record<string, string>>, name: string): string | undefined =>
  Object.hasOwn(known, name) ? known[name] : undefined

/** What every page is told beside its own data. */
export type Presentation = {
  readonly language: Language
  /** The issuer's own path, where the server's other addresses begin; empty without one. */
  readonly base: string
  /** Of the Content-Security-Policy; without it the page has no script. */
  readonly nonce?: string | undefined
}

/** The shape of RFC 5646 §2.1, as far as it matters here: nothing that could be a path or a header gets through. */
const tag = /^([a-z]{2,8})(?:-[a-z0-9]{1,8}){0,8}$/i

const supported = (range: string): Language | undefined => {
  const primary = tag.exec(range)?.[1]?.toLowerCase()
  return languages.find((language) => language === primary)
}

/** RFC 9110 §12.4.2: at most three decimals; what is not a weight makes its range void. */
const weight = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/i

const acceptable = (header: string): readonly string[] =>
  header
    .slice(0, 1000)
    .split(',')
    .map((item) => {
      const [range = '', parameter] = item.split(';').map((part) => part.trim())
      return { range, q: parameter === undefined ? 1 : Number(weight.exec(parameter)?.[1] ?? 0) }
    })
    .filter(({ q }) => q > 0)
    .sort((one, other) => other.q - one.q)
    .map(({ range }) => (range === '*' ? languages[0] : range))

/**
 * The first language of `ui_locales` (OIDC Core §3.1.2.1) that there is, else the best of Accept-Language, else English.
 * What is no language tag is ignored.
 */
export const chooseLanguage = (uiLocales: readonly string[], acceptLanguage: string | undefined): Language => {
  const accepted = acceptLanguage === undefined ? [] : acceptable(acceptLanguage)
  for (const range of [...uiLocales, ...accepted]) {
    const language = supported(range)
    if (language) return language
  }
  return languages[0]
}
