#!/usr/bin/env bash
# moonshotai/Kimi-K2-Instruct by vllm-ascend, with the flags of vLLM 0.24.0
# aggregated: 32 x Ascend 910C (tp 4, pp 1, dp 8, ep 32) on 2 nodes, to be run on each. Start one instance.
# Weights as planned: attention int8, dense int8, experts int8, shared int8, head bf16.
# The checkpoint decides: choose one that stores them so.
set -euo pipefail

: "${NODE_RANK:?the rank of this node, 0 for the head}" "${HEAD_ADDR:?the address of the head node}"
if [ "$NODE_RANK" -eq 0 ]; then place=(--port 8000); else place=(--headless --data-parallel-start-rank "$((NODE_RANK * 4))"); fi
vllm serve moonshotai/Kimi-K2-Instruct \
  --tensor-parallel-size 4 \
  --data-parallel-size 8 \
  --enable-expert-parallel \
  --max-num-seqs 256 \
  --max-num-batched-tokens 8192 \
  --max-model-len 16384 \
  --gpu-memory-utilization 0.9 \
  --quantization ascend \
  --enable-prefix-caching \
  --data-parallel-size-local 4 \
  --data-parallel-address "$HEAD_ADDR" \
  --data-parallel-rpc-port 13345 \
  "${place[@]}"
