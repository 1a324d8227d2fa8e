declare module 'pgpass' {
  interface Wanted {
    readonly host: string;
    readonly port: number;
    readonly database: string;
    readonly user: string;
  }
  /** Calls back with the password of the first line of the password file that fits, or with undefined. */
  export default function pgpass(wanted: Wanted, callback: (password: string | undefined) => void): void;
}
