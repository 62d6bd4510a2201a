import type { Ended, Target } from '../../identity/ending.ts'
import type { Pairs } from '../../pages/form.tsx'
import { isUuid } from '../../uuid.ts'

const clientId = /^[ -~]{1,128}$/

/** What an act is on, as forms and links of these pages say it. @returns undefined for what says no such thing */
export const targetIn = (from: URLSearchParams): Target | undefined => {
  const kind = from.get('kind')
  const id = from.get('id') ?? ''
  switch (kind) {
    case 'session':
    case 'family':
    case 'user':
      return isUuid(id) ? { of: kind, id } : undefined
    case 'client':
      return clientId.test(id) ? { of: kind, id } : undefined
    case 'app': {
      const [user, client] = [from.get('user') ?? '', from.get('client') ?? '']
      return isUuid(user) && clientId.test(client) ? { of: kind, userId: user, clientId: client } : undefined
    }
    case 'all':
      return { of: kind }
    default:
      return undefined
  }
}

export const pairsOf = (target: Target): Pairs => {
  const kind = ['kind', target.of] as const
  if (target.of === 'all') return [kind]
  if (target.of === 'app') return [kind, ['user', target.userId], ['client', target.clientId]]
  return [kind, ['id', target.id]]
}

const place = /^\/admin\/(?:people|sessions|families|clients|events)(?:\/[0-9a-f-]{36})?$/

/** The page to come back to: one of these and no other address. */
export const backTo = (from: string | null): string => (from !== null && place.test(from) ? from : '/admin/people')

/** Where a login leads on: to a page of the administration, whatever it shows. */
export const nextOf = (next: string | null): string =>
  next !== null && /^\/admin(?:\/[\w./-]*)?(?:\?[\w.~%&=+-]*)?$/.test(next) && !next.includes('..') ? next : '/admin'

export const withDone = (path: string, { sessions, families, codes }: Ended): string =>
  `${path}?done=${sessions}.${families}.${codes}`

export const doneIn = (query: URLSearchParams): Ended | undefined => {
  const [, sessions, families, codes] = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})$/.exec(query.get('done') ?? '') ?? []
  return sessions === undefined
    ? undefined
    : { sessions: Number(sessions), families: Number(families), codes: Number(codes) }
}
