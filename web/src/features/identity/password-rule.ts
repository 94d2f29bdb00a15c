/** The server refuses shorter passwords. */
export const MIN_PASSWORD_LENGTH = 12;
