import type { FastifyInstance } from 'fastify'
import { type DemoSpa, demoSpaPage } from '../../pages/demo-spa.tsx'
import { chooseLanguage } from '../../pages/language.ts'
import type { Random } from '../../random.ts'
import { secureHeaders } from '../interaction/presentation.ts'
import { spaScript } from './spa-script.ts'

export type DemoSpaOptions = {
  readonly spa: Omit<DemoSpa, 'script'>
  /** The issuer's own path. */
  readonly base: string
  readonly random: Random
}

/** An app of one page and one script: all that happens is between the browser and the authorization server. */
export const demoSpa = async (app: FastifyInstance, { spa, base, random }: DemoSpaOptions): Promise<void> => {
  const script = Buffer.from(spaScript.body)

  app.get('/demo/spa', async (request, reply) => {
    const nonce = random.bytes(16).toString('base64')
    const language = chooseLanguage([], request.headers['accept-language'])
    secureHeaders(reply, nonce)
    // Against a script that is smuggled in, which could use the login while the page is open: none but ours runs, and it
    // talks to nobody else.
    reply.header(
      'content-security-policy',
      `default-src 'none'; style-src 'self'; img-src 'self'; script-src 'nonce-${nonce}'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'`,
    )
    const page = demoSpaPage({ ...spa, script: `.${spaScript.path}` }, { language, base, nonce })
    return reply.type('text/html; charset=utf-8').send(page)
  })

  app.get(`/demo${spaScript.path}`, async (_request, reply) =>
    reply
      .header('cache-control', 'public, max-age=31536000, immutable')
      .header('x-content-type-options', 'nosniff')
      .type(spaScript.contentType)
      .send(script),
  )
}
