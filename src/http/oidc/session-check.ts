import type { FastifyInstance } from 'fastify'
import { paths } from '../../oauth/metadata.ts'
import { sessionCheckPage } from '../../pages/session-check.ts'
import type { Browser } from '../browser.ts'

/**
 * OpenID Connect Session Management 1.0 §3.3. S4: the one page that others may frame. There is nothing in it to click or
 * to read, and nothing of the person.
 */
export const sessionCheck = async (
  app: FastifyInstance,
  { browser }: { readonly browser: Pick<Browser, 'stateCookie'> },
): Promise<void> => {
  const { html, hash } = sessionCheckPage(browser.stateCookie)
  app.get(paths.sessionCheck, async (_request, reply) =>
    reply
      .header(
        'content-security-policy',
        `default-src 'none'; script-src '${hash}'; frame-ancestors *; form-action 'none'; base-uri 'none'`,
      )
      .header('referrer-policy', 'no-referrer')
      .header('x-content-type-options', 'nosniff')
      .header('cache-control', 'public, max-age=300')
      .type('text/html; charset=utf-8')
      .send(html),
  )
}
