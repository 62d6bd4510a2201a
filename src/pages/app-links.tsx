import { webLink } from './link.ts'
import type { Texts } from './texts/en.ts'

/** OIDC Registration §2: pages of the app's own that a person may want to read before going on. */
export type AppLinksShown = {
  readonly uri?: string | undefined
  readonly policy?: string | undefined
  readonly terms?: string | undefined
}

const Link = ({ uri, children }: { readonly uri: string | undefined; readonly children: string }) => {
  const href = webLink(uri)
  return href ? (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  ) : null
}

export const AppLinks = ({ uri, policy, terms, t }: AppLinksShown & { readonly t: Texts }) => {
  const home = webLink(uri)
  if (![home, policy, terms].some(webLink)) return null
  return (
    <footer class="links">
      {home && <Link uri={home}>{t.consent.about(new URL(home).host)}</Link>}
      <Link uri={policy}>{t.consent.policy}</Link>
      <Link uri={terms}>{t.consent.terms}</Link>
    </footer>
  )
}
