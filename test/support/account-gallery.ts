import { endedPage } from '../../src/pages/account/ended.tsx'
import { notMePage } from '../../src/pages/account/not-me.tsx'
import { accountPage, type Overview } from '../../src/pages/account/overview.tsx'
import { choosePasswordPage, passwordChosenPage, passwordPage } from '../../src/pages/account/password.tsx'
import type { Presentation } from '../../src/pages/language.ts'
import { accountTexts } from '../../src/pages/texts/account.ts'
import type { Words } from './gallery.ts'

const at = (time: string): Date => new Date(`2026-01-0${time}:00Z`)
const ids = [1, 2, 3].map((n) => `018f3c1e-7b1a-7cc2-9c55-0a3d2f6f5a1${n}`)

/** The pages of a person's account, with the same words in every place that somebody else fills. */
export const accountPages = (words: Words): Readonly<Record<string, (presentation: Presentation) => string>> => {
  const { app, person, value, uri } = words
  const frame = { base: '', csrf: value, person: { userId: value, username: person } }
  const quiet: Overview = {
    ...frame,
    since: at('5T10:30'),
    administrator: false,
    notices: [],
    devices: [
      {
        id: ids[0] ?? '',
        name: { browser: 'Firefox', system: 'Linux' },
        isHere: true,
        network: '203.0.113.7',
        firstUsed: at('5T10:30'),
        lastUsed: at('5T11:02'),
        ends: at('6T11:02'),
        apps: [],
      },
    ],
    moreDevices: 0,
    apps: [],
  }
  const busy: Overview = {
    ...quiet,
    name: app,
    email: value,
    administrator: true,
    done: 'device',
    notices: [
      { id: '7', at: at('4T03:12'), app, familyId: ids[2] },
      { id: '6', at: at('3T03:12'), app: undefined, familyId: undefined },
    ],
    devices: [
      ...quiet.devices.map((device) => ({ ...device, apps: [app, value] })),
      {
        id: ids[1] ?? '',
        name: { browser: value, system: undefined },
        isHere: false,
        network: '2001:db8:85a3:8d3::/64',
        firstUsed: at('1T08:00'),
        lastUsed: at('4T22:41'),
        ends: at('5T22:41'),
        apps: [app],
      },
      {
        id: ids[2] ?? '',
        name: undefined,
        isHere: false,
        network: undefined,
        firstUsed: at('2T08:00'),
        lastUsed: at('2T08:00'),
        ends: at('9T08:00'),
        apps: [],
      },
    ],
    moreDevices: 3,
    apps: [
      {
        clientId: 'notes',
        name: app,
        start: uri,
        scope: ['openid', 'profile', 'offline_access', value],
        resources: [uri],
        since: at('1T08:00'),
        lastUsed: at('5T10:59'),
        logins: 2,
      },
      {
        clientId: 'gone',
        name: undefined,
        start: undefined,
        scope: ['openid'],
        resources: [],
        since: at('1T08:00'),
        lastUsed: undefined,
        logins: 0,
      },
    ],
  }
  const password = { ...frame, minimumLength: 8 }
  const choosing = {
    username: person,
    csrf: value,
    action: '/account/new-password',
    minimumLength: 8,
    interaction: value,
  }
  const reasons = [...Object.keys(accountTexts.en.ended.reasons), value]
  const ends = reasons.map((reason, index) => ({
    id: `018f3c1e-7b1a-7cc2-9c55-0a3d2f6f5b${String(index).padStart(2, '0')}`,
    at: at('4T03:12'),
    reason,
    app: index % 3 === 0 ? undefined : { name: index % 3 === 1 ? app : undefined },
    device: index % 4 === 0 ? undefined : { browser: 'Chrome', system: 'Windows' },
    network: index % 4 === 1 ? undefined : '203.0.113.7',
  }))
  return {
    account: (p) => accountPage(busy, p),
    'account-quiet': (p) => accountPage(quiet, p),
    'account-password': (p) => passwordPage(password, p),
    'account-password-failed': (p) => passwordPage({ ...password, failure: { is: 'current' } }, p),
    'account-password-wait': (p) => passwordPage({ ...password, failure: { is: 'wait', seconds: 45 } }, p),
    'account-choose-password': (p) => choosePasswordPage(choosing, p),
    'account-choose-password-failed': (p) => choosePasswordPage({ ...choosing, failure: { is: 'same' } }, p),
    'account-password-chosen': (p) => passwordChosenPage({ logIn: '/account' }, p),
    'account-not-me': (p) => notMePage({ ...frame, devices: 3, logins: 1 }, p),
    'account-not-me-failed': (p) => notMePage({ ...frame, devices: 1, logins: 5, failure: { is: 'wrong' } }, p),
    'account-ended': (p) => endedPage({ base: '', ends }, p),
    'account-ended-nothing': (p) => endedPage({ base: '', ends: [] }, p),
  }
}
