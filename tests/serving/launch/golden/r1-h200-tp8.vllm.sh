#!/usr/bin/env bash
# deepseek-ai/DeepSeek-R1 by vllm, with the flags of vLLM 0.24.0
# aggregated: 8 x H200 SXM5 141GB (tp 8, pp 1, dp 1, ep 1). Start one instance.
# Weights as planned: attention fp8_block, dense fp8_block, experts fp8_block, shared fp8_block, head bf16.
# The checkpoint decides: choose one that stores them so.
set -euo pipefail

vllm serve deepseek-ai/DeepSeek-R1 \
  --tensor-parallel-size 8 \
  --max-num-seqs 256 \
  --max-num-batched-tokens 8192 \
  --max-model-len 16384 \
  --gpu-memory-utilization 0.9 \
  --enable-prefix-caching \
  --speculative-config '{"method": "mtp", "num_speculative_tokens": 1}' \
  --port 8000
