import { framed } from './document.tsx'
import { Hidden, Instant } from './form.tsx'
import { type Presentation, texts } from './language.ts'

export type Account = {
  readonly username: string
  readonly name?: string | undefined
  readonly email?: string | undefined
  readonly since: Date
  readonly administrator: boolean
  readonly csrf: string
  readonly logOutAction?: string | undefined
}

export const accountPage = (data: Account, presentation: Presentation): string => {
  const t = texts[presentation.language]
  const words = t.accountPage
  return framed(
    {
      title: t.account,
      children: (
        <>
          <h1>{t.account}</h1>
          <dl>
            <dt>{words.loggedInAs}</dt>
            <dd>
              <strong>{data.username}</strong>
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
          {data.administrator && <p class="muted">{words.administrator}</p>}
          <form id="logout-form" method="post" action={data.logOutAction ?? '/logout'}>
            <Hidden fields={[['csrf', data.csrf]]} />
            <div class="buttons">
              <button id="logout-confirm" type="submit" name="decision" value="log-out">
                {t.logOut}
              </button>
            </div>
          </form>
        </>
      ),
    },
    presentation,
  )
}
