import { useQuery } from '@tanstack/react-query';
import { api } from '@/lib/api';
import type { ServerConfig } from '@/lib/types';

/** What the server lets one do; it changes only when it is started anew. */
export const useServerConfig = () =>
  useQuery({ queryKey: ['config'], queryFn: ({ signal }) => api.get<ServerConfig>('/api/config', signal), staleTime: Infinity });
