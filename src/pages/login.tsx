import { AppLinks, type AppLinksShown } from './app-links.tsx'
import { framed } from './document.tsx'
import { Alert, Field, Hidden, shownTo, Username } from './form.tsx'
import { type Presentation, texts } from './language.ts'
import type { Texts } from './texts/en.ts'
import { Unverified, type UnverifiedShown } from './unverified.tsx'

export type LoginFailure =
  | { readonly is: 'wrong' }
  /** Logged in on as many devices as may be. */
  | { readonly is: 'full' }
  | { readonly is: 'wait' | 'busy'; readonly seconds: number }

export type Login = {
  /** The client's name; absent when the person logs in to the server itself. */
  readonly app?: string | undefined
  readonly logo?: string | undefined
  /** Of an app that registered itself, and for which nobody here vouches. */
  readonly unverified?: UnverifiedShown | undefined
  readonly links?: AppLinksShown | undefined
  /** Absent when the person logs in to the server itself. */
  readonly interaction?: string | undefined
  /** Where the person goes on to, without an interaction. */
  readonly next?: string | undefined
  readonly csrf: string
  readonly failure?: LoginFailure | undefined
  /** `login_hint`, or what was typed before. */
  readonly username?: string | undefined
  /** A person who is known already and must prove it again. */
  readonly known?: { readonly username: string } | undefined
  readonly action?: string | undefined
}

export const waitWords = ({ is, seconds }: Extract<LoginFailure, { readonly seconds: number }>, t: Texts): string =>
  t.login[is](seconds)

export const failureWords = (failure: LoginFailure, isKnown: boolean, t: Texts): string => {
  if (failure.is === 'full') return t.login.full
  if (failure.is !== 'wrong') return waitWords(failure, t)
  return isKnown ? t.login.wrongPassword : t.login.wrong
}

/** Either page leads to another account, and out. */
const OtherAccount = ({ t }: { readonly t: Texts }) => (
  <button id="login-other" type="submit" name="decision" value="other" formNoValidate>
    {t.login.other}
  </button>
)

const Cancel = ({ t }: { readonly t: Texts }) => (
  <button id="login-cancel" class="quiet" type="submit" name="decision" value="cancel" formNoValidate>
    {t.cancel}
  </button>
)

/** S6: before anybody types a password. */
const SelfRegistered = ({ app, redirectUri, t }: UnverifiedShown & { readonly app: string; readonly t: Texts }) => (
  <Unverified
    id="login-unverified"
    words={t.consent.unverified(app)}
    answeredAt={t.login.answeredAt}
    redirectUri={redirectUri}
  />
)

/** Sends `decision` = `log-in`, `other` or `cancel`. */
export const loginPage = (data: Login, presentation: Presentation): string => {
  const t = texts[presentation.language]
  const { app, known, failure } = data
  const title = known ? t.login.confirmTitle : t.login.title
  const wrong = failure?.is === 'wrong' ? 'login-error' : undefined
  const lead = known ? t.login.confirm(app) : app && t.login.next(app)
  return framed(
    {
      title,
      app,
      logo: data.logo,
      children: (
        <>
          <div class="stack">
            <h1>{title}</h1>
            {lead && <p class="muted tight">{lead}</p>}
          </div>
          {app !== undefined && data.unverified && <SelfRegistered app={app} {...data.unverified} t={t} />}
          <form id="login-form" method="post" action={data.action ?? '/login'}>
            <Hidden
              fields={[
                ...(data.interaction === undefined ? [] : [['interaction', data.interaction] as const]),
                ...(data.next === undefined ? [] : [['next', data.next] as const]),
                ['csrf', data.csrf],
              ]}
            />
            {failure && <Alert id="login-error">{failureWords(failure, known !== undefined, t)}</Alert>}
            <Username
              label={t.username}
              readOnly={known !== undefined}
              value={known?.username ?? data.username ?? ''}
              wrong={known ? undefined : wrong}
            />
            <Field
              name="password"
              label={t.password}
              type="password"
              autocomplete="current-password"
              required
              wrong={wrong}
            />
            <div class="buttons">
              <button id="login-submit" class="primary" type="submit" name="decision" value="log-in">
                {known ? t.login.confirmSubmit : t.login.submit}
              </button>
              {known && <OtherAccount t={t} />}
              {data.interaction !== undefined && <Cancel t={t} />}
            </div>
          </form>
          {data.links && <AppLinks {...data.links} t={t} />}
        </>
      ),
    },
    presentation,
  )
}

export type SelectAccount = {
  readonly app: string
  readonly logo?: string | undefined
  readonly unverified?: UnverifiedShown | undefined
  readonly person: { readonly username: string; readonly userId?: string | undefined }
  readonly interaction: string
  readonly csrf: string
  readonly action?: string | undefined
}

/** `prompt=select_account`, OIDC Core §3.1.2.1. Sends `decision` = `continue`, `other` or `cancel`. */
export const selectAccountPage = (data: SelectAccount, presentation: Presentation): string => {
  const t = texts[presentation.language]
  return framed(
    {
      title: t.select.title,
      app: data.app,
      logo: data.logo,
      children: (
        <>
          <div class="stack">
            <h1>{t.select.title}</h1>
            <p class="muted tight">{t.select.next(data.app)}</p>
          </div>
          {data.unverified && <SelfRegistered app={data.app} {...data.unverified} t={t} />}
          <form id="select-account-form" method="post" action={data.action ?? '/login'}>
            <Hidden fields={[['interaction', data.interaction], ['csrf', data.csrf], ...shownTo(data.person)]} />
            <div class="buttons">
              <button id="select-continue" class="primary" type="submit" name="decision" value="continue">
                {t.select.continueAs(data.person.username)}
              </button>
              <OtherAccount t={t} />
              <Cancel t={t} />
            </div>
          </form>
        </>
      ),
    },
    presentation,
  )
}
