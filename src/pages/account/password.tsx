import { framed } from '../document.tsx'
import { Alert, Field, Hidden, shownTo } from '../form.tsx'
import { type Presentation, texts } from '../language.ts'
import { type LoginFailure, waitWords } from '../login.tsx'
import { type AccountTexts, accountTexts } from '../texts/account.ts'
import { type AccountFrame, accountFrame } from './frame.tsx'

export type PasswordFailure =
  | { readonly is: keyof AccountTexts['password']['wrong'] }
  | Extract<LoginFailure, { readonly seconds: number }>

type Failed = { readonly failure?: PasswordFailure | undefined; readonly minimumLength: number }

const failureWords = (failure: PasswordFailure, { language }: Presentation): string =>
  'seconds' in failure ? waitWords(failure, texts[language]) : accountTexts[language].password.wrong[failure.is]

/** Twice, so that a slip of the finger locks nobody out. */
const NewPassword = ({ failure, minimumLength, words }: Failed & { readonly words: AccountTexts['password'] }) => {
  const wrong = failure && !('seconds' in failure) && failure.is !== 'current' ? 'password-error' : undefined
  const rest = { type: 'password', autocomplete: 'new-password', required: true, wrong } as const
  return (
    <>
      <Field {...rest} name="password" label={words.fresh} hint={words.hint(minimumLength)} minLength={minimumLength} />
      <Field {...rest} name="password_again" label={words.again} />
    </>
  )
}

/** For a password manager: whose password this is. */
const Whose = ({ username }: { readonly username: string }) => (
  <input
    type="text"
    class="unseen"
    value={username}
    autocomplete="username"
    tabIndex={-1}
    aria-hidden="true"
    readOnly
  />
)

/** Sends `current`, `password` and `password_again`. */
export const passwordPage = (data: AccountFrame & Failed, presentation: Presentation): string => {
  const words = accountTexts[presentation.language].password
  const { failure } = data
  return accountFrame(
    {
      base: data.base,
      place: 'password',
      children: (
        <>
          <div class="stack">
            <h1>{words.title}</h1>
            <p class="muted tight">{words.text}</p>
          </div>
          <form id="password-form" class="narrow" method="post" action={`${data.base}/account/password`}>
            <Hidden fields={[['csrf', data.csrf], ...shownTo(data.person)]} />
            {failure && <Alert id="password-error">{failureWords(failure, presentation)}</Alert>}
            <Whose username={data.person.username} />
            <Field
              name="current"
              label={words.current}
              type="password"
              autocomplete="current-password"
              required
              wrong={failure?.is === 'current' ? 'password-error' : undefined}
            />
            <NewPassword failure={failure} minimumLength={data.minimumLength} words={words} />
            <div class="buttons">
              <button id="password-submit" class="primary" type="submit">
                {words.submit}
              </button>
            </div>
          </form>
        </>
      ),
    },
    presentation,
  )
}

export type ChoosePassword = Failed & {
  readonly username: string
  readonly csrf: string
  readonly action: string
  /** Goes on when the person has logged in anew. */
  readonly interaction?: string | undefined
}

/** Before anybody is logged in. Sends `password` and `password_again`. */
export const choosePasswordPage = (data: ChoosePassword, presentation: Presentation): string => {
  const words = accountTexts[presentation.language].password
  const { failure, interaction } = data
  return framed(
    {
      title: words.chooseTitle,
      children: (
        <>
          <div class="stack">
            <h1>{words.chooseTitle}</h1>
            <p class="muted tight">{words.choose}</p>
          </div>
          <form id="new-password-form" method="post" action={data.action}>
            <Hidden fields={[['csrf', data.csrf], ...(interaction ? [['interaction', interaction] as const] : [])]} />
            {failure && <Alert id="password-error">{failureWords(failure, presentation)}</Alert>}
            <Whose username={data.username} />
            <NewPassword failure={failure} minimumLength={data.minimumLength} words={words} />
            <div class="buttons">
              <button id="new-password-submit" class="primary" type="submit">
                {words.chooseSubmit}
              </button>
            </div>
          </form>
        </>
      ),
    },
    presentation,
  )
}

export const passwordChosenPage = ({ logIn }: { readonly logIn: string }, presentation: Presentation): string => {
  const words = accountTexts[presentation.language].password
  return framed(
    {
      title: words.doneTitle,
      children: (
        <div id="new-password-done" class="stack">
          <h1>{words.doneTitle}</h1>
          <p>{words.done}</p>
          <a class="button primary" href={logIn}>
            {texts[presentation.language].login.submit}
          </a>
        </div>
      ),
    },
    presentation,
  )
}
