"""On-the-fly gradient modulation: encoders of modalities that dominate learn more slowly.

The recipe is `brownout_ogm_ge.recipe.ogm_ge`, its equations are functions of `brownout_ogm_ge.modulation`. Nothing is
imported here, so that listing the plugin imports no torch.
"""
