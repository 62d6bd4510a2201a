/** English. Its type is what every other language must fill; a sentence that is missing there does not compile. */
export const en = {
  copy: { copy: 'Copy', copied: 'Copied' },
  account: 'Your account',
  username: 'Username',
  password: 'Password',
  cancel: 'Cancel',
  logOut: 'Log out',

  login: {
    title: 'Log in',
    next: (app: string) => `You continue to ${app} afterwards.`,
    confirmTitle: 'Confirm it is you',
    confirm: (app: string | undefined) =>
      app ? `${app} asks for your password again before you continue.` : 'Enter your password again to continue.',
    submit: 'Log in',
    confirmSubmit: 'Confirm',
    other: 'Use another account',
    wrong: 'The username or password is not right. Check both and try again.',
    wrongPassword: 'The password is not right. Try again.',
    wait: (seconds: number) =>
      seconds < 120
        ? `There were too many attempts. Wait ${seconds} ${seconds === 1 ? 'second' : 'seconds'}, then try again.`
        : `There were too many attempts. Wait ${Math.ceil(seconds / 60)} minutes, then try again.`,
    full: 'You are logged in on as many devices as you may. Log out on one of them, then log in here.',
    busy: (seconds: number) =>
      `Many people are logging in at this moment, so your password was not looked at. Try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`,
  },

  select: {
    title: 'Choose an account',
    next: (app: string) => `You continue to ${app} with it.`,
    continueAs: (person: string) => `Continue as ${person}`,
  },

  consent: {
    title: (app: string) => `Allow ${app}?`,
    as: 'Logged in as',
    wants: (app: string) => `${app} wants to`,
    added: 'New',
    scopes: {
      openid: 'Recognise you when you log in',
      profile: 'See your profile: name, picture, language and time zone',
      email: 'See your e-mail address',
      address: 'See your postal address',
      phone: 'See your phone number',
      offline_access: 'Stay connected while you are away, until you take it back',
    },
    otherScope: 'A permission the app defined itself',
    resources: 'It may act for you at',
    site: (host: string) => `Then you go to ${host}.`,
    device: (host: string) => `Then you go back to a program on this device (${host}).`,
    native: (scheme: string) => `Then you go back to the app that opens “${scheme}” links.`,
    about: (host: string) => `About this app: ${host}`,
    policy: 'Privacy policy',
    terms: 'Terms of service',
    allow: 'Allow',
    deny: 'Do not allow',
  },

  logout: {
    title: 'Log out?',
    as: (person: string) => `You are logged in as ${person}.`,
    asked: (app: string) => `${app} asked to log you out.`,
    means: 'Apps you used in this browser are logged out too. What you allowed to run while you are away continues.',
    stay: 'Stay logged in',
    doneTitle: 'You are logged out',
    done: 'You can close this window.',
    back: (app: string) => `Back to ${app}`,
    again: 'Log in again',
  },

  error: {
    id: 'Request id',
    code: 'Error',
    back: (app: string) => `Go to ${app}`,
    kinds: {
      request: {
        title: 'This login link does not work',
        happened: 'The app sent a request this server cannot accept.',
        means: 'You are not logged in to the app, and nothing was shared.',
        todo: 'Go back to the app and try again. If it happens again, tell the people who run it, with the id below.',
      },
      client: {
        title: 'This app is not known here',
        happened: 'The app that sent you is not one this server logs people in to.',
        means: 'You are not logged in to the app, and nothing was shared.',
        todo: 'Check that you came from the right place. If so, tell the people who run the app, with the id below.',
      },
      redirect_uri: {
        title: 'We cannot send you back to the app',
        happened: 'The address the app wants you sent to is not one it registered.',
        means: 'You stay here, so that nothing about you reaches a stranger.',
        todo: 'Go back to the app and try again. If it happens again, tell the people who run it, with the id below.',
      },
      expired: {
        title: 'This page has expired',
        happened: 'The login was open for too long.',
        means: 'Nothing was shared with the app.',
        todo: 'Go back to the app and log in from there.',
      },
      completed: {
        title: 'This is already done',
        happened: 'This login was finished before, perhaps in another tab.',
        means: 'Nothing changed, and nothing was shared a second time.',
        todo: 'Go back to the app. If you are not logged in there, log in from there again.',
      },
      other_browser: {
        title: 'This page belongs to another browser',
        happened: 'The login was started in another browser or in a private window.',
        means: 'For your safety it can only be finished where it began.',
        todo: 'Go back to that browser, or start again from the app in this one.',
      },
      forbidden: {
        title: 'This form could not be accepted',
        happened: 'It did not come from a page this browser just opened here.',
        means: 'Nothing was done.',
        todo: 'Go back, load the page again and repeat what you did. Cookies must be allowed for this site.',
      },
      denied: {
        title: 'You cannot go on here',
        happened: 'This account may not do this.',
        means: 'Nothing was done and nothing was shared.',
        todo: 'Use another account, or ask the people who run this server, with the id below.',
      },
      link: {
        title: 'This link no longer works',
        happened: 'It was used before, or it is too old.',
        means: 'Nothing was changed.',
        todo: 'Ask for a new one.',
      },
      not_found: {
        title: 'There is no page here',
        happened: 'The address leads to nothing.',
        means: 'Nothing was done.',
        todo: 'Check the address, or go back to where you came from.',
      },
      too_many: {
        title: 'Too many requests',
        happened: 'More requests came from your network than this server accepts at once.',
        means: 'Nothing was done.',
        todo: 'Wait a minute, then try again.',
      },
      unavailable: {
        title: 'Not available for a moment',
        happened: 'The server cannot reach what it needs.',
        means: 'Nothing was done. You are not logged out.',
        todo: 'Wait a few seconds, then load this page again.',
      },
      server: {
        title: 'Something failed on our side',
        happened: 'The server met an error it did not expect.',
        means: 'What you just did may not have been done.',
        todo: 'Try again. If it happens again, tell the people who run this server, with the id below.',
      },
    },
    developer: {
      title: 'For developers',
      why: 'Shown because this server runs on your own machine.',
      check: 'Check that failed',
      caption: 'What was received and what is registered',
      parameter: 'Parameter',
      received: 'Received',
      registered: 'Registered',
      absent: 'nothing',
    },
  },

  formPost: {
    title: 'Continue',
    text: (app: string) => `You go back to ${app} now.`,
    submit: 'Continue',
  },

  administrator: {
    title: 'Create the first administrator',
    text: 'This link works once. Choose how you want to log in.',
    password: (length: number) => `At least ${length} characters.`,
    again: 'Password again',
    submit: 'Create administrator',
    wrong: {
      username: 'This username cannot be used. Use 1 to 200 characters, without spaces at the ends.',
      taken: 'Somebody has this username already. Choose another.',
      password: 'This password cannot be used. Choose a longer one.',
      mismatch: 'The two passwords differ. Enter the same one twice.',
    },
    doneTitle: 'The administrator is ready',
    done: (person: string) => `You can log in as ${person} now. The link no longer works.`,
    goOn: 'Go to your account',
  },

  accountPage: {
    loggedInAs: 'Logged in as',
    name: 'Name',
    email: 'E-mail',
    since: 'Logged in since',
    administrator: 'You are an administrator of this server.',
  },

  start: {
    developmentTitle: 'Tessera is running',
    development: 'An authorization server for development, on this machine. Try it with the app that comes with it.',
    tryIt: 'Log in to the demo app',
    person: 'The demo person',
    shell: 'From a shell',
    shellText: 'A token for the demo service:',
    documents: 'Documents',
    discovery: 'Discovery',
    keys: 'Public keys',
    adminTitle: 'First administrator',
    admin: 'The one-time link that creates the first administrator is in the log of this server.',
    productionTitle: 'This is a login server',
    production: 'Apps send you here to log in. To start, open the app you want to use.',
  },

  demo: {
    app: 'Demo app',
    title: 'Demo app',
    text: 'A small app that knows nothing of you until you log in. It uses the same server as any other app would.',
    logIn: 'Log in',
    signedInTitle: (person: string) => `Hello, ${person}`,
    claims: 'What the app knows about you',
    claim: 'Claim',
    value: 'Value',
    token: 'Access token',
    expires: 'Expires',
    generation: 'Generation',
    api: 'Answer of the demo API',
    notAsked: 'Not called yet.',
    status: 'Status',
    refresh: 'Refresh the token',
    call: 'Call the API',
    errorTitle: 'The login did not finish',
    error: 'The server answered with an error. You are not logged in to the demo app.',
    back: 'Back to the demo app',
  },
}

export type Texts = typeof en
