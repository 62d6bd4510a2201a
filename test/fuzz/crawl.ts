import { filled } from '../support/page.ts'
import type { TestServer } from '../support/server.ts'
import type { Visitor } from '../support/visitor.ts'
import type { Pair, Shot } from './shot.ts'

const most = 40

const linksOf = (html: string): readonly string[] =>
  [...html.matchAll(/<a\b[^>]*\bhref="(\/[^"]*)"/g)].map(([, href = '']) => href.replaceAll('&amp;', '&'))

/** Every page that can be reached by links from here in this browser, and every button of every form on them. */
export const crawl = async (
  server: TestServer,
  visitor: Visitor,
  from: readonly string[],
  typed: Readonly<Record<string, string>>,
): Promise<readonly Shot[]> => {
  const shots: Shot[] = []
  const seen = new Set<string>()
  const waiting = [...from]
  for (let path = waiting.shift(); path !== undefined && seen.size < most; path = waiting.shift()) {
    // One page of each kind is enough.
    const kind = path.replaceAll(/[0-9a-f-]{36}|=[^&]*/g, '*')
    if (seen.has(kind)) continue
    seen.add(kind)
    const { html, forms, url } = await visitor.send(path)
    const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const headers: readonly Pair[] = [
      ['accept', 'text/html'],
      ['cookie', cookie],
    ]
    const { pathname, searchParams } = new URL(url)
    shots.push({ route: 'a page', method: 'GET', path: pathname, query: [...searchParams], headers })
    for (const form of forms)
      for (const id of form.buttons.length === 0 ? [undefined] : form.buttons.map((button) => button.id)) {
        const fields = Object.fromEntries(Object.entries(typed).filter(([name]) => name in form.fields))
        const pairs = [...filled(form, fields, id === '' ? undefined : id)]
        const to = new URL(form.action, url)
        const isPost = form.method.toLowerCase() === 'post'
        shots.push({
          route: `the form ${form.id.replace(/-[0-9a-f]{8,}.*/, '')}`,
          method: isPost ? 'POST' : 'GET',
          path: to.pathname,
          query: isPost ? [...to.searchParams] : pairs,
          headers: [...headers, ['origin', new URL(server.issuer).origin], ['sec-fetch-site', 'same-origin']],
          body: isPost ? { form: pairs } : undefined,
        })
      }
    waiting.push(...linksOf(html))
  }
  return shots
}
