import { clientsPage } from '../../src/pages/admin/clients.tsx'
import { type EventShown, eventsPage } from '../../src/pages/admin/events.tsx'
import { type FamilyShown, familiesPage } from '../../src/pages/admin/families.tsx'
import type { AdminFrame } from '../../src/pages/admin/frame.tsx'
import { type LogoutShown, logoutsPage } from '../../src/pages/admin/logouts.tsx'
import { type PersonShown, peoplePage } from '../../src/pages/admin/people.tsx'
import { personPage } from '../../src/pages/admin/person.tsx'
import { revokePage } from '../../src/pages/admin/revoke.tsx'
import { type SessionShown, sessionsPage } from '../../src/pages/admin/sessions.tsx'
import type { Presentation } from '../../src/pages/language.ts'
import type { Words } from './gallery.ts'

const at = (time: string): Date => new Date(`2026-01-0${time}:00Z`)
const id = (n: number): string => `018f3c1e-7b1a-7cc2-9c55-0a3d2f6f5c0${n}`

/** The pages of the administration, with the same words in every place that somebody else fills. */
export const adminPages = (words: Words): Readonly<Record<string, (presentation: Presentation) => string>> => {
  const { app, person, value } = words
  const frame: AdminFrame = { base: '', csrf: value, person: { userId: id(0), username: person } }
  const someone: PersonShown = {
    id: id(1),
    username: person,
    name: app,
    email: value,
    admin: true,
    disabled: false,
    since: at('1T08:00'),
  }
  const session: SessionShown = {
    id: id(2),
    userId: id(1),
    username: person,
    device: { browser: 'Firefox', system: 'Linux' },
    network: '203.0.113.7',
    isHere: true,
    began: at('5T10:30'),
    lastUsed: at('5T11:02'),
  }
  const sessions = [
    session,
    {
      ...session,
      id: id(3),
      device: { browser: value, system: undefined },
      network: '2001:db8:12:34::/64',
      isHere: false,
    },
    { ...session, id: id(4), device: undefined, network: undefined, isHere: false },
  ]
  const told: LogoutShown = {
    id: '7',
    userId: id(1),
    person,
    app,
    ended: at('5T11:02'),
    attempts: 1,
    state: 'delivered',
    outcome: 'delivered',
    next: undefined,
  }
  const logouts: readonly LogoutShown[] = [
    told,
    { ...told, id: '6', attempts: 4, state: 'waiting', outcome: 'http_503', next: at('5T11:03') },
    { ...told, id: '5', attempts: 0, state: 'waiting', outcome: undefined, next: at('5T11:02') },
    { ...told, id: '4', attempts: 33, state: 'given_up', outcome: 'unanswered' },
    { ...told, id: '3', attempts: 1, state: 'given_up', outcome: 'no_client' },
  ]
  const family: FamilyShown = {
    id: id(5),
    userId: id(1),
    username: person,
    clientId: value,
    app,
    offline: true,
    device: { browser: 'Chrome', system: 'Android' },
    network: '203.0.113.7',
    began: at('5T10:30'),
    lastUsed: at('5T11:02'),
  }
  const families = [family, { ...family, id: id(6), offline: false, device: undefined, network: undefined }]
  const event: EventShown = {
    id: '7',
    at: at('5T11:00'),
    kind: 'revoked',
    act: { target: 'session', ended: { sessions: 1, families: 2, codes: 0 } },
    person: { id: id(1), username: person },
    by: { is: 'person', name: person },
    app: undefined,
    familyId: undefined,
    device: { browser: 'Firefox', system: 'Linux' },
    network: '203.0.113.7',
  }
  const events: readonly EventShown[] = [
    event,
    {
      ...event,
      id: '6',
      act: { target: 'all', ended: { sessions: 812, families: 1204, codes: 3 } },
      person: undefined,
      by: { is: 'command_line' },
      device: undefined,
      network: undefined,
    },
    {
      ...event,
      id: '5',
      kind: 'family_revoked',
      act: undefined,
      reason: 'replayed',
      by: undefined,
      app: value,
      familyId: id(5),
    },
    {
      ...event,
      id: '4',
      kind: value,
      act: undefined,
      by: { is: 'app', name: app },
      person: { id: id(1), username: undefined },
    },
  ]
  const ends = { sessions: 3, families: 5, codes: 1 }
  const asked = {
    frame,
    name: person,
    ends,
    of: [
      ['kind', 'user'],
      ['id', id(1)],
    ],
    confirmation: value,
    from: '/admin/people',
  } as const
  const last = { next: undefined, first: undefined }
  return {
    'admin-people': (p) =>
      peoplePage(
        {
          frame,
          search: value,
          found: [someone, { ...someone, id: id(8), admin: false, disabled: true, name: undefined, email: undefined }],
          next: '/admin/people?after=x',
          first: '/admin/people',
        },
        p,
      ),
    'admin-people-nobody': (p) => peoplePage({ frame, search: value, found: [], ...last }, p),
    'admin-people-wrong': (p) => peoplePage({ frame, search: value, found: undefined, ...last }, p),
    'admin-person': (p) =>
      personPage(
        {
          frame: { ...frame, done: ends },
          person: someone,
          sessions,
          moreSessions: true,
          families,
          moreFamilies: true,
          apps: [{ clientId: value, name: app }],
        },
        p,
      ),
    'admin-person-quiet': (p) =>
      personPage(
        {
          frame,
          person: { ...someone, name: undefined, email: undefined },
          sessions: [],
          moreSessions: false,
          families: [],
          moreFamilies: false,
          apps: [],
        },
        p,
      ),
    'admin-sessions': (p) => sessionsPage({ frame, sessions, next: '/admin/sessions?after=x', first: undefined }, p),
    'admin-families': (p) =>
      familiesPage({ frame, families, of: { is: 'app', name: app, clientId: value }, ...last }, p),
    'admin-clients': (p) =>
      clientsPage(
        {
          frame,
          search: '',
          found: [
            { id: value, name: app, disabled: false, registeredItself: false, since: at('1T08:00') },
            { id: 'b2', name: app, disabled: true, registeredItself: true, since: at('1T08:00') },
          ],
          ...last,
        },
        p,
      ),
    'admin-events': (p) => eventsPage({ frame, events, ...last }, p),
    'admin-events-none': (p) => eventsPage({ frame, events: [], of: person, ...last }, p),
    'admin-logouts': (p) =>
      logoutsPage({ frame, logouts, asked: true, next: '/admin/logouts?after=1', first: undefined }, p),
    'admin-logouts-none': (p) => logoutsPage({ frame, logouts: [], asked: false, ...last }, p),
    'admin-revoke': (p) => revokePage({ ...asked, kind: 'user' }, p),
    'admin-revoke-client': (p) => revokePage({ ...asked, kind: 'client', name: app }, p),
    'admin-revoke-again': (p) =>
      revokePage({ ...asked, kind: 'all', name: '', of: [['kind', 'all']], again: 'grown' }, p),
  }
}
