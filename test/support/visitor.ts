import { type Form, filled, formsOf } from './page.ts'

/** A person's browser without script: cookies, forms, and redirects it follows only on this server. */
export type Visitor = {
  readonly cookies: Map<string, string>
  /** Where it is now. */
  readonly at: () => Page
  visit(url: string, options?: Sending): Promise<Page>
  /** One request with its cookies; no redirect is followed, and it stays at the page where it is. */
  send(url: string, options?: Sending): Promise<Page>
  /** Fills the form and presses a button, as the page has them. */
  submit(formId: string, fields: Readonly<Record<string, string>>, buttonId?: string, options?: Sending): Promise<Page>
}
export type Sending = {
  readonly method?: string
  readonly body?: URLSearchParams
  readonly headers?: Readonly<Record<string, string>>
}

export type Page = {
  readonly url: string
  readonly status: number
  readonly headers: Headers
  readonly html: string
  readonly forms: readonly Form[]
  /** A redirect that leaves the server: the browser stops there. After `send`, any redirect. */
  readonly leaves: URL | undefined
}

export const aVisitor = (issuer: string): Visitor => {
  const cookies = new Map<string, string>()
  let page: Page | undefined

  const request = async (url: string, { method = 'GET', body, headers = {} }: Sending): Promise<Response> => {
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      headers: {
        accept: 'text/html',
        ...(cookies.size > 0 && { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }),
        ...(method === 'POST' && { origin: new URL(issuer).origin, 'sec-fetch-site': 'same-origin' }),
        ...headers,
      },
      ...(body && { body }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) cookies.delete(name)
      else cookies.set(name, value)
    }
    return response
  }

  const visit: Visitor['visit'] = async (url, options = {}) => {
    let target = new URL(url, issuer)
    let response = await request(target.href, options)
    for (let hops = 0; response.status >= 300 && response.status < 400; hops++) {
      if (hops > 10) throw new Error(`the server redirects for ever at ${target.href}`)
      const next = new URL(response.headers.get('location') ?? '', target)
      if (next.origin !== new URL(issuer).origin || next.pathname === '/cb') {
        page = {
          url: target.href,
          status: response.status,
          headers: response.headers,
          html: '',
          forms: [],
          leaves: next,
        }
        return page
      }
      target = next
      response = await request(target.href, {})
    }
    const html = await response.text()
    page = {
      url: target.href,
      status: response.status,
      headers: response.headers,
      html,
      forms: formsOf(html),
      leaves: undefined,
    }
    return page
  }

  const send: Visitor['send'] = async (url, options = {}) => {
    const target = new URL(url, issuer)
    const response = await request(target.href, options)
    const html = await response.text()
    const location = response.headers.get('location')
    const leaves = location === null ? undefined : new URL(location, target)
    return { url: target.href, status: response.status, headers: response.headers, html, forms: formsOf(html), leaves }
  }

  const at = (): Page => {
    if (!page) throw new Error('the visitor is nowhere yet')
    return page
  }

  return {
    cookies,
    at,
    visit,
    send,
    submit(formId, fields, buttonId, options = {}) {
      const form = at().forms.find(({ id }) => id === formId)
      if (!form)
        throw new Error(`there is no form ${formId} at ${at().url} (${at().status}): ${at().html.slice(0, 2000)}`)
      const body = filled(form, fields, buttonId)
      return visit(new URL(form.action, at().url).href, { method: 'POST', body, ...options })
    },
  }
}
