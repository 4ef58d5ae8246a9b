import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { MultipartModule } from '@nestjs/platform-fastify/multipart';
import { ProcessConfig } from '../../platform/config/process.config.js';
import { ReadableFiles } from '../../platform/database/readable-files.js';
import { RecordsModule } from '../../platform/database/records.module.js';
import { UsersModule } from '../users/users.module.js';
import { DomainEvents } from '../../platform/logging/events.js';
import { UploadsInProgress } from './uploads-in-progress.js';
import { ClamdScanner } from './clamd-scanner.js';
import { DirectUploads } from './direct-uploads.js';
import { CountedStore } from './counted-store.js';
import { DiskStore } from './disk-store.js';
import { FileLinks } from './file-links.js';
import { FileLinksController } from './file-links.controller.js';
import { FileRights } from './file-rights.js';
import { FileUploadsController } from './file-uploads.controller.js';
import { FileMetrics } from './file.metrics.js';
import { files } from './file.schema.js';
import { FileScanner, NoScanner } from './file-scanner.js';
import { FileStore } from './file-store.js';
import { FilesConfig } from './files.config.js';
import { FilesController } from './files.controller.js';
import { FilesService } from './files.service.js';
import { ReferencedFiles } from './referenced-files.js';
import { OrphanedContents } from './orphaned-contents.js';
import { Pictures } from './pictures.js';
import { S3Store } from './s3-store.js';
import { UploadedFiles } from './uploaded-files.js';
import { Uploads } from './uploads.js';

/** The store that FILES_URL names. */
function storeOf(config: FilesConfig, { dataDir }: ProcessConfig): FileStore {
  const { place = { folder: join(dataDir, 'files') }, accessKeyId = '', secretAccessKey = '' } = config;
  if ('folder' in place) return new DiskStore(place.folder);
  const { endpoint, region } = config;
  const isPathStyle = config.pathStyle === 'true';
  const bucket = { ...place, endpoint, region, accessKeyId, secretAccessKey, isPathStyle };
  return new S3Store(bucket, join(dataDir, 'files'));
}

/** The store, and the bytes in it that belong to no file. */
@Module({
  providers: [
    {
      provide: FileStore,
      inject: [FilesConfig, ProcessConfig, FileMetrics],
      useFactory: (config: FilesConfig, process: ProcessConfig, metrics: FileMetrics) =>
        new CountedStore(storeOf(config, process), metrics),
    },
    {
      provide: FileScanner,
      inject: [FilesConfig, DomainEvents],
      useFactory: ({ scanner }: FilesConfig, events: DomainEvents): FileScanner =>
        scanner ? new ClamdScanner(scanner, events) : new NoScanner(),
    },
    UploadsInProgress,
    FileMetrics,
    OrphanedContents,
    Uploads,
  ],
  exports: [UploadsInProgress, FileStore, OrphanedContents, Uploads],
})
class ContentsModule {}

/** Files that users upload. */
@Module({
  imports: [
    ContentsModule,
    UsersModule,
    MultipartModule.registerAsync({ imports: [ContentsModule], useExisting: Uploads }),
    RecordsModule.for(files),
  ],
  controllers: [FilesController, FileLinksController, FileUploadsController],
  providers: [
    DirectUploads,
    FilesService,
    ReferencedFiles,
    Pictures,
    FileLinks,
    FileRights,
    { provide: ReadableFiles, useClass: UploadedFiles },
  ],
})
export class FilesModule {}
