declare module '@20minutes/s3rver' {
  export default class S3rver {
    constructor(options: object);
    readonly httpServer: import('node:http').Server;
    run(): Promise<{ readonly port: number }>;
    close(): Promise<void>;
  }
}
