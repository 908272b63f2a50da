#!/usr/bin/env bash
# Qwen/Qwen3-32B by vllm, with the flags of vLLM 0.24.0
# aggregated: 2 x H20 SXM5 96GB (tp 2, pp 1, dp 1, ep 1). Start 4 instances, all behind one router.
# Weights as planned: attention fp8, dense fp8, experts fp8, shared fp8, head bf16.
# The checkpoint decides: choose one that stores them so.
set -euo pipefail

vllm serve Qwen/Qwen3-32B \
  --tensor-parallel-size 2 \
  --max-num-seqs 256 \
  --max-num-batched-tokens 8192 \
  --max-model-len 16384 \
  --gpu-memory-utilization 0.9 \
  --kv-cache-dtype fp8 \
  --no-enable-prefix-caching \
  --port 8000
