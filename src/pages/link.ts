/** @returns the URI when it is one a person may follow: a registered `javascript:` or `data:` URI is none */
export const webLink = (uri: string | undefined): string | undefined =>
  uri !== undefined && URL.canParse(uri) && /^https?:$/.test(new URL(uri).protocol) ? uri : undefined

export type Destination =
  | { readonly is: 'site'; readonly host: string }
  | { readonly is: 'device'; readonly host: string }
  | { readonly is: 'app'; readonly scheme: string }

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** Where a redirect URI leads, as a person would say it. The host is in its ASCII form: look-alikes show. */
export const destination = (redirectUri: string): Destination => {
  if (!URL.canParse(redirectUri)) return { is: 'app', scheme: redirectUri }
  const { protocol, hostname, host } = new URL(redirectUri)
  if (!/^https?:$/.test(protocol)) return { is: 'app', scheme: protocol.slice(0, -1) }
  return { is: loopback.test(hostname) ? 'device' : 'site', host }
}
