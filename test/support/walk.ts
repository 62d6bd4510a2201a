import type { Person } from './server.ts'
import type { Page, Visitor } from './visitor.ts'

/** From an app's authorization URL through log-in and consent, as far as the pages ask. @returns where that ended */
export const walk = async (visitor: Visitor, person: Person, url: URL | string): Promise<Page> => {
  const { username, password } = person
  const asks = (id: string) => visitor.at().forms.some((form) => form.id === id)
  await visitor.visit(String(url))
  if (asks('login-form')) await visitor.submit('login-form', { username, password }, 'login-submit')
  if (asks('consent-form')) await visitor.submit('consent-form', {}, 'consent-allow')
  return visitor.at()
}

/** The same, to the redirect back to the app. */
export const walkBack = async (visitor: Visitor, person: Person, url: URL | string): Promise<URL> => {
  const { leaves, status, html } = await walk(visitor, person, url)
  if (!leaves) throw new Error(`the browser was not sent back: ${status} ${html.slice(0, 2000)}`)
  return leaves
}
