/** What tokens look like in a text. Their first letters alone stand in a random key or hash now and then. */
export const aJwt = /(?<![\w-])eyJ[\w-]+\.[\w-]+\./
export const aRefreshToken = /(?<![\w.-])tsr_[\w-]{20}/
