import { Hidden, Instant } from '../form.tsx'
import { type Presentation, texts } from '../language.ts'
import { type AccountTexts, accountTexts } from '../texts/account.ts'
import { type AppShown, Apps } from './apps.tsx'
import { type DeviceShown, Devices } from './devices.tsx'
import { type AccountFrame, accountFrame } from './frame.tsx'
import { type NoticeShown, Notices } from './notices.tsx'

export type Done = keyof AccountTexts['done']

export type Overview = AccountFrame & {
  readonly name?: string | undefined
  readonly email?: string | undefined
  readonly since: Date
  readonly administrator: boolean
  /** What the person has just done. */
  readonly done?: Done | undefined
  readonly notices: readonly NoticeShown[]
  readonly devices: readonly DeviceShown[]
  readonly moreDevices: number
  readonly apps: readonly AppShown[]
}

const Profile = ({ data, words, logOut }: { data: Overview; words: AccountTexts; logOut: string }) => (
  <>
    <dl>
      <dt>{words.loggedInAs}</dt>
      <dd>
        <strong>{data.person.username}</strong>
      </dd>
      {data.name && (
        <>
          <dt>{words.name}</dt>
          <dd>{data.name}</dd>
        </>
      )}
      {data.email && (
        <>
          <dt>{words.email}</dt>
          <dd>{data.email}</dd>
        </>
      )}
      <dt>{words.since}</dt>
      <dd>
        <Instant at={data.since} />
      </dd>
    </dl>
    {data.administrator && (
      <p class="links">
        <a href={`${data.base}/admin`}>{words.administrator}</a>
      </p>
    )}
    <form id="logout-form" method="post" action={`${data.base}/logout`}>
      <Hidden fields={[['csrf', data.csrf]]} />
      <div class="acts">
        <button id="logout-confirm" type="submit" name="decision" value="log-out">
          {logOut}
        </button>
      </div>
    </form>
  </>
)

/** Who is logged in, where, and which apps know it. */
export const accountPage = (data: Overview, presentation: Presentation): string => {
  const words = accountTexts[presentation.language]
  const t = texts[presentation.language]
  return accountFrame(
    {
      base: data.base,
      place: 'account',
      children: (
        <>
          <div class="stack">
            <h1>{t.account}</h1>
            {data.done && (
              <p id="account-done" role="status">
                {words.done[data.done]}
              </p>
            )}
            {data.notices.length > 0 && <Notices notices={data.notices} frame={data} words={words} />}
            <Profile data={data} words={words} logOut={t.logOut} />
          </div>
          <Devices devices={data.devices} more={data.moreDevices} frame={data} words={words} />
          <Apps apps={data.apps} frame={data} words={words} t={t} />
        </>
      ),
    },
    presentation,
  )
}
