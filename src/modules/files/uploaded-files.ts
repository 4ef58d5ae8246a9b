import { Injectable } from '@nestjs/common';
import type { Scope } from '../../platform/access/caller.js';
import { type ReadableFile, ReadableFiles } from '../../platform/database/readable-files.js';
import { ApiError } from '../../platform/errors/errors.js';
import { files } from './file.schema.js';
import { FilesService } from './files.service.js';

/** What users have uploaded, for parts of the platform that are given the id of a file. */
@Injectable()
export class UploadedFiles implements ReadableFiles {
  constructor(private readonly service: FilesService) {}

  async find(scope: Scope, id: string): Promise<ReadableFile | undefined> {
    const reading = readingIn(scope);
    try {
      const file = await this.service.ready(reading, id);
      const { name, type, size } = file;
      return { name, type, size, read: () => this.service.read(reading, file) };
    } catch (error) {
      if (error instanceof ApiError && error.status < 500) return undefined;
      throw error;
    }
  }
}

/** As the routes of files have it: who may read those of everybody may read this one. */
function readingIn(scope: Scope): Scope {
  const { actor, permissions } = scope;
  const permission = files.may.read;
  return permissions?.has(permission) ? { actor, permissions, all: true, permission } : scope;
}
