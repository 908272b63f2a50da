#!/usr/bin/env bash
# deepseek-ai/DeepSeek-R1 by sglang, with the flags of SGLang 0.5.14
# prefill: 16 x H200 SXM5 141GB (tp 1, pp 1, dp 16, ep 16) on 2 nodes, to be run on each. Start 2 instances, all behind one router.
# decode: 32 x H200 SXM5 141GB (tp 1, pp 1, dp 32, ep 32) on 4 nodes, to be run on each. Start one instance.
# Weights as planned: attention fp8_block, dense fp8_block, experts fp8_block, shared fp8_block, head bf16.
# The checkpoint decides: choose one that stores them so.
# Requests go to a router that knows both roles, such as SGLang's.
set -euo pipefail

case "${1:?prefill or decode}" in
prefill)
: "${NODE_RANK:?the rank of this node, 0 for the head}" "${HEAD_ADDR:?the address of the head node}"
python -m sglang.launch_server --model-path deepseek-ai/DeepSeek-R1 \
  --tp-size 16 \
  --dp-size 16 \
  --enable-dp-attention \
  --ep-size 16 \
  --moe-a2a-backend deepep \
  --deepep-mode normal \
  --max-running-requests 128 \
  --chunked-prefill-size 131072 \
  --context-length 16384 \
  --mem-fraction-static 0.9 \
  --kv-cache-dtype bf16 \
  --disaggregation-mode prefill \
  --disaggregation-transfer-backend nixl \
  --nnodes 2 \
  --node-rank "$NODE_RANK" \
  --dist-init-addr "$HEAD_ADDR:20000" \
  --host 0.0.0.0 \
  --port 30100
  ;;
decode)
: "${NODE_RANK:?the rank of this node, 0 for the head}" "${HEAD_ADDR:?the address of the head node}"
python -m sglang.launch_server --model-path deepseek-ai/DeepSeek-R1 \
  --tp-size 32 \
  --dp-size 32 \
  --enable-dp-attention \
  --ep-size 32 \
  --moe-a2a-backend deepep \
  --deepep-mode low_latency \
  --max-running-requests 2048 \
  --chunked-prefill-size 262144 \
  --context-length 16384 \
  --mem-fraction-static 0.9 \
  --kv-cache-dtype bf16 \
  --disaggregation-mode decode \
  --disaggregation-transfer-backend nixl \
  --nnodes 4 \
  --node-rank "$NODE_RANK" \
  --dist-init-addr "$HEAD_ADDR:20000" \
  --host 0.0.0.0 \
  --port 30200
  ;;
*) echo "$0 prefill|decode" >&2; exit 2 ;;
esac
