"""Stuck deletes: why something of a destroyed environment is still there, and the way out.

Small pure functions, one for each kind, turn API objects into findings: a sentence, and at most one
documented step (namespaces, nodes, volumes, edge). One executor for each API takes the steps
(cluster, cloudfront). Only what carries the environment's label, tag or header is ever touched.
"""

from bot.clearing.bounds import Bounds
from bot.clearing.clearing import Clearing, InstanceClearer
from bot.clearing.cloudfront import EdgeClearer, EdgeDrain
from bot.clearing.cluster import ClusterClearer

__all__ = ["Bounds", "Clearing", "ClusterClearer", "EdgeClearer", "EdgeDrain", "InstanceClearer"]
